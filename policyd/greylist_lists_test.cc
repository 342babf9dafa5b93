#include "policyd/greylist_list_watch.h"
#include "policyd/greylist_lists.h"
#include "test/scratch_folder.h"

#include <asio/io_context.hpp>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

namespace postern {
namespace {

using namespace std::chrono_literals;

void write(const std::string& path, const std::string& text)
{
    std::ofstream(path, std::ios::trunc) << text;
}

bool has_client(GreylistLists& lists, const char* name)
{
    const auto client = *parse_ip_address("192.0.2.1");
    const bool is_listed = lists.has_client(client, name);
    CHECK(lists.has_client(client, name, lists.look_ahead(client, name)) == is_listed);
    return is_listed;
}

bool has_recipient(GreylistLists& lists, const char* address)
{
    return lists.has_recipient(parse_mail_address(address), address);
}

} // namespace

TEST_CASE("GreylistLists: several files, the configuration's entries, and no .local")
{
    const ScratchFolder folder;
    write(folder / "clients", "example.org # why\n/^mx[0-9]+\\./\n");
    write(folder / "more", "example.com\n");
    write(folder / "recipients", "abuse@\n/^list-/\n");
    GreylistSettings settings;
    settings.client_lists = {folder / "clients", folder / "more", folder / "clients.local"};
    settings.recipient_lists = {folder / "recipients"};
    settings.clients = {"example.net"};
    settings.recipients = {"postmaster@"};
    settings.senders = {"example.org", "/^news/"};

    const auto lists = GreylistLists::load(settings);
    REQUIRE_MESSAGE(lists.has_value(), (lists ? "" : lists.error().what));
    CHECK((*lists)->clients() == 4);
    CHECK((*lists)->recipients() == 3);
    for (int i = 0; i < 2; ++i) { // the second time from memory
        for (const auto* name : {"a.example.org", "b.example.com", "example.net", "mx7.test"})
            CHECK(has_client(**lists, name));
        CHECK_FALSE(has_client(**lists, "mxx.test"));
        for (const auto* address : {"abuse@a.test", "postmaster@a.test", "list-x@a.test"})
            CHECK(has_recipient(**lists, address));
        CHECK_FALSE(has_recipient(**lists, "a-list-x@a.test"));
        CHECK((*lists)->has_sender(parse_mail_address("a@example.org"), "a@example.org"));
        CHECK((*lists)->has_sender(parse_mail_address("News@a.test"), "News@a.test"));
        CHECK_FALSE((*lists)->has_sender(parse_mail_address("a@a.test"), "a@a.test"));
    }
}

TEST_CASE("GreylistLists: every fault of every file")
{
    const ScratchFolder folder;
    write(folder / "clients", "example.org\n\n192.0.2.0/99\n/mx(/\n");
    write(folder / "recipients", "@example.org\n");
    GreylistSettings settings;
    settings.client_lists = {folder / "clients", folder / "missing", folder.path()};
    settings.recipient_lists = {folder / "recipients"};
    const auto lists = GreylistLists::load(settings);
    REQUIRE_FALSE(lists.has_value());
    CHECK(lists.error().what
          == folder / "clients" + ":3: \"192.0.2.0/99\": the length must be between 0 and 32\n"
              + (folder / "clients") + ":4: missing closing parenthesis (character 4 of the regular expression)\n"
              + (folder / "missing") + ": No such file or directory\n" + folder.path() + ": is not a file\n"
              + (folder / "recipients")
              + ":1: \"@example.org\" names no user; \"example.org\" is every address of the domain");
}

TEST_CASE("GreylistLists: the files that Debian's postgrey comes with")
{
    GreylistSettings settings;
    settings.client_lists = {"/etc/postgrey/whitelist_clients", "/etc/postgrey/whitelist_clients.local"};
    settings.recipient_lists = {"/etc/postgrey/whitelist_recipients", "/etc/postgrey/whitelist_recipients.local"};
    const auto lists = GreylistLists::load(settings);
    REQUIRE_MESSAGE(lists.has_value(), (lists ? "" : lists.error().what));
    if (!std::filesystem::exists("/etc/postgrey/whitelist_clients"))
        return; // the package is not there, and that is no fault
    CHECK((*lists)->clients() > 100);
    CHECK(has_client(**lists, "lists.debian.org"));
    CHECK(has_client(**lists, "smtp2-g21.free.fr")); // by a regular expression
    CHECK_FALSE(has_client(**lists, "mail.example.org"));
    CHECK(has_recipient(**lists, "postmaster@example.org"));
}

TEST_CASE("GreylistListWatch: a changed file counts, a broken one does not, a whole one does again")
{
    const ScratchFolder folder;
    write(folder / "clients.local", "example.org\n");
    GreylistSettings settings;
    settings.client_lists = {folder / "clients.local"};
    asio::io_context io;
    std::vector<std::string> changes; // "" or the fault
    auto watch = GreylistListWatch::create(io, settings, {10ms, [&](const auto& lists) {
                                               changes.push_back(lists ? "" : lists.error().what);
                                           }});
    REQUIRE(watch.has_value());
    const auto current = (*watch)->current();
    const auto wait_for = [&](std::size_t count) {
        const auto limit = std::chrono::steady_clock::now() + 20s;
        while (changes.size() < count && std::chrono::steady_clock::now() < limit) {
            io.restart();
            io.run_for(5ms);
        }
        REQUIRE(changes.size() == count);
    };
    CHECK(has_client(*current->lists, "example.org"));

    write(folder / "new", "example.net\n");
    std::filesystem::rename(folder / "new", folder / "clients.local");
    wait_for(1);
    CHECK(changes[0].empty());
    CHECK(has_client(*current->lists, "example.net"));
    CHECK_FALSE(has_client(*current->lists, "example.org"));

    write(folder / "new", "example.com\n.example.com\n");
    std::filesystem::rename(folder / "new", folder / "clients.local");
    wait_for(2);
    CHECK(changes[1]
          == folder / "clients.local" + ":2: \".example.com\" matches no host; \"example.com\" is the domain with all below it");
    CHECK(has_client(*current->lists, "example.net")); // the old list stays

    std::filesystem::remove(folder / "clients.local");
    wait_for(3);
    CHECK(changes[2].empty());
    CHECK_FALSE(has_client(*current->lists, "example.net"));
    io.restart();
    io.run_for(50ms);
    CHECK(changes.size() == 3); // nothing changed, nothing is said
}

} // namespace postern
