// Tables that are not the user's own: aliases, the relay host's passwords, logins, header checks
#include "common/postfix_table.h"
#include "common/text.h"
#include "container/plan.h"
#include "container/relayhost_maps.h"

#include <algorithm>

namespace postern {
namespace {

// What tells of the sender's machine, and is of no use to who reads the mail.
constexpr std::string_view private_header_checks = R"(/^(X-Originating-IP|X-Mailer|X-Enigmail[^:]*|X-PHP-[^:]*|User-Agent|X-Source[^:]*):/ IGNORE
)";

bool defines(std::string_view aliases, std::string_view name)
{
    const auto lines = split(aliases, '\n');
    return std::any_of(lines.begin(), lines.end(), [&](auto line) {
        const auto colon = line.find(':');
        return colon != std::string_view::npos && equals_ignoring_case(trim(line.substr(0, colon)), name);
    });
}

// The user's first: postalias(1) keeps the first of two.
std::string aliases(const Plan& plan)
{
    auto text = plan.surroundings.local_aliases.value_or("");
    if (!text.empty() && !text.ends_with('\n'))
        text += '\n';
    const auto postmaster = plan.values.find("POSTMASTER_EMAIL");
    for (const auto* const name : {"postmaster", "root", "postfix", "clamav"})
        if (postmaster && !defines(text, name))
            text += fmt::format("{}: {}\n", name, *postmaster);
    return text;
}

void relayhost_maps(const Plan& plan)
{
    std::string passwords, senders;
    const auto relayhost = plan.values.text("RELAYHOST");
    for (const auto& entry : plan.values.entries("RELAYHOST_PASSWORDMAP")) {
        if (const auto parsed = parse_relayhost_password(entry, relayhost))
            passwords += fmt::format("{} {}\n", parsed->key, parsed->value);
        else
            plan.fault("RELAYHOST_PASSWORDMAP", parsed.error().what);
    }
    for (const auto& entry : plan.values.entries("RELAYHOST_MAP")) {
        if (const auto parsed = parse_relayhost_sender(entry))
            senders += fmt::format("{} {}\n", parsed->key, parsed->value);
        else
            plan.fault("RELAYHOST_MAP", parsed.error().what);
    }
    auto& files = plan.image.files;
    if (!passwords.empty())
        files.push_back({plan.in_postfix("relayhost_passwords"), passwords, 0600}); // smtp(8) opens it as root
    if (!senders.empty())
        files.push_back({plan.in_postfix("relayhost_senders"), senders});
}

// recipient_access.hash for policyd, which asks the directory only of who is not in it. What the entry
// does to the mail is Postfix's to do, so here it says no more than whether the directory is needed.
std::string known_recipients(std::string_view text)
{
    constexpr std::string_view goes_on[] = {"dunno", "warn", "info", "prepend", "hold", "filter", "redirect", "bcc",
                                            "discard"};
    std::string known = "# Written from recipient_access.hash.\n";
    const auto lines = parse_postfix_table(text);
    if (!lines)
        return known; // postmap(1) says what is wrong
    for (const auto& line : *lines) {
        const auto action = to_lower(line.value.substr(0, line.value.find_first_of(" \t")));
        const bool asks = std::find(std::begin(goes_on), std::end(goes_on), action) != std::end(goes_on);
        known += fmt::format("{} {}\n", line.key, asks ? "DUNNO" : "OK");
    }
    return known;
}

} // namespace

void render_maps(Plan& plan)
{
    auto& files = plan.image.files;
    files.push_back({plan.in_postfix("aliases"), aliases(plan)});
    relayhost_maps(plan);
    if (plan.values.flag("HEADER_CHECKS", false))
        files.push_back({plan.in_postfix("private_header_checks"), std::string(private_header_checks)});
    if (plan.surroundings.recipient_access)
        files.push_back({plan.in_postfix("recipient_access.known"), known_recipients(*plan.surroundings.recipient_access),
                         0640, FileOwner::postern});
    files.push_back({concat({sasl_folder, "/smtpd.conf"}),
                     fmt::format("pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}/sasldb2\n"
                                 "mech_list: PLAIN LOGIN\n",
                                 sasl_folder)});
}

} // namespace postern
