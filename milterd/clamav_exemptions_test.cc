#include "milterd/clamav_exemptions.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fstream>

namespace postern {
namespace {

Message a_message()
{
    Message message;
    message.client = IpAddress::v4({203, 0, 113, 1});
    message.client_name = "mail.example.org";
    message.sender = parse_mail_address("alice@example.org");
    message.recipients = {parse_mail_address("bob@example.net"), parse_mail_address("lab@example.net")};
    message.recipient_count = 2;
    return message;
}

} // namespace

TEST_CASE("ClamavExemptions: whose mail is not scanned")
{
    const ScratchFolder folder;
    const auto lists = folder / "lists", logins = folder / "logins";
    struct Case {
        const char* name;
        void (*change)(Message&);
        void (*set)(ClamavSettings&);
        const char* list;
        const char* want;
    };
    const auto nothing = [](Message&) {};
    const auto as_is = [](ClamavSettings&) {};
    const Case cases[] = {
        {"nobody is exempt", nothing, as_is, "", ""},
        {"network", nothing, [](ClamavSettings& s) { s.exempt_clients = {"203.0.113.0/24"}; }, "", "exempt client"},
        {"another network", nothing, [](ClamavSettings& s) { s.exempt_clients = {"192.0.2.0/24"}; }, "", ""},
        {"name", nothing, [](ClamavSettings& s) { s.exempt_clients = {".example.org"}; }, "", "exempt client"},
        {"local", [](Message& m) { m.is_internal = true; m.client.reset(); },
         [](ClamavSettings& s) { s.exempt_clients = {"local"}; }, "", "exempt client"},
        {"local is nobody who connects", nothing, [](ClamavSettings& s) { s.exempt_clients = {"local"}; }, "", ""},
        {"internal, and not local", [](Message& m) { m.is_internal = true; },
         [](ClamavSettings& s) { s.exempt_clients = {"203.0.113.0/24"}; }, "", ""},
        {"login", [](Message& m) { m.login = "Scanner"; }, [](ClamavSettings& s) { s.exempt_logins = {"scanner"}; }, "",
         "exempt login"},
        {"longer login", [](Message& m) { m.login = "scanner2"; },
         [](ClamavSettings& s) { s.exempt_logins = {"scanner"}; }, "", ""},
        {"login pattern", [](Message& m) { m.login = "scanner2"; },
         [](ClamavSettings& s) { s.exempt_logins = {"/^scanner[0-9]+$/"}; }, "", "exempt login"},
        {"no login", nothing, [](ClamavSettings& s) { s.exempt_logins = {"/.*/"}; }, "", ""},
        {"login list", [](Message& m) { m.login = "LISTED"; }, as_is, "", "exempt login"},
        {"sender", nothing, as_is, "From:^<alice@example\\.org>$\n", "exempt sender"},
        {"other sender", nothing, as_is, "From:^<bob@\n", ""},
        {"one of two recipients", nothing, as_is, "To:^<lab@\n", ""},
        {"both", nothing, as_is, "lab@\nTo:bob@\n", "exempt recipients"},
        {"more than are kept", [](Message& m) { m.recipient_count = 3; }, as_is, "@example.net\n", ""},
        {"no recipient", [](Message& m) { m.recipients.clear(); m.recipient_count = 0; }, as_is, ".\n", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        std::ofstream(lists) << c.list;
        std::ofstream(logins) << "# some\nlisted\n";
        ClamavSettings settings;
        settings.exempt_lists = {lists};
        settings.exempt_login_lists = {logins};
        c.set(settings);
        auto message = a_message();
        c.change(message);
        const auto exempt = ClamavExemptions::load(settings);
        REQUIRE(exempt.has_value());
        CHECK((*exempt)->reason(message) == c.want);
    }
}

TEST_CASE("ClamavExemptions::load names every fault with its line")
{
    const ScratchFolder folder;
    const auto list = folder / "list";
    std::ofstream(list) << "fine@example\nFrom:\nTo:[a\n";
    ClamavSettings settings;
    settings.exempt_lists = {list, folder / "nowhere"};
    settings.exempt_login_lists = {folder.path()};
    settings.exempt_logins = {"/(/"};
    settings.exempt_clients = {"1.2.3.4/99"};
    const auto exempt = ClamavExemptions::load(settings);
    REQUIRE_FALSE(exempt.has_value());
    const auto& what = exempt.error().what;
    for (const auto& part : {list + ":2: an empty pattern", list + ":3: ", folder / "nowhere: No such file",
                             folder.path() + ": is not a file", std::string("clamav.exempt_logins: "),
                             std::string("clamav.exempt_clients: ")}) {
        CAPTURE(part);
        CHECK(what.find(part) != std::string::npos);
    }
}

} // namespace postern
