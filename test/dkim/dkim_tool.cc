// dkim_tool - our two DKIM filters on one mail, for a test in another language
//
// usage: dkim_tool sign MAIL CANONICALIZATION CHUNK DOMAIN:SELECTOR:PEM...
//            prints the mail with the signatures on top, lines ended by CRLF
//        dkim_tool verify MAIL CHUNK ZONE
//            prints a line a signature: result, d=, reason
//        dkim_tool select KEY_TABLE SIGNING_TABLE all|first AUTHOR...
//            prints a line an author: for each signature domain/selector/identity, or "defer"
//        dkim_tool record PEM
//            prints the key's TXT record
//
// CHUNK: the size of the pieces in which the body arrives. ZONE: lines of a
// name, a blank and a TXT record; "tempfail" for one that cannot be asked.
#include "milterd/dkim_sign_filter.h"
#include "milterd/dkim_verify_filter.h"
#include "test/dkim/mail_text.h"
#include "test/fake/fake_resolver.h"
#include "test/io_thread.h"

#include "common/text.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace postern {
namespace {

std::string read_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

FilterVerdict pass_through(Filter& filter, const MailText& mail, std::size_t chunk, Findings& findings)
{
    const auto pass = filter.begin(mail.message);
    if (!pass)
        throw std::runtime_error("the filter has nothing to say");
    pass->header_complete(mail.message);
    for (std::span<const char> rest = mail.body; !rest.empty();) {
        const auto size = std::min(chunk, rest.size());
        pass->body(rest.first(size));
        rest = rest.subspan(size);
    }
    pass->message_complete(mail.message);
    return pass->verdict(mail.message, findings, std::chrono::steady_clock::now() + std::chrono::seconds(10));
}

void print(std::string_view text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_with_crlf(std::string_view text)
{
    for (const char c : text) {
        if (c == '\n')
            print("\r");
        print({&c, 1});
    }
}

int sign(const std::vector<std::string>& words)
{
    auto mail = read_mail_text(read_file(words.at(0)));
    mail.message.origin = Origin::ours;
    DkimSettings settings;
    settings.canonicalization = words.at(1);
    settings.signed_fields = settings.omitted_fields = settings.author_fields = settings.oversign = {"*"};
    for (std::size_t i = 3; i < words.size(); ++i) {
        const auto parts = split(words[i], ':');
        settings.domains.push_back(
            {std::string(parts.at(0)), std::string(parts.at(1)), std::string(parts.at(2)), true});
    }
    auto signers = DkimSigners::load(settings, DkimKeys::load(settings.domains));
    for (const auto& fault : signers.key_faults())
        throw std::runtime_error(fault);
    const SystemClock clock;
    auto filter = DkimSignFilter::create(settings, std::move(signers), clock, "mx.example");
    if (!filter)
        throw std::runtime_error(filter.error().what);
    Findings findings;
    const auto verdict = pass_through(**filter, mail, std::stoul(words.at(2)), findings);
    if (verdict.action != FilterAction::accept || verdict.edits.empty())
        throw std::runtime_error("not signed: " + verdict.reason);

    for (auto edit = verdict.edits.rbegin(); edit != verdict.edits.rend(); ++edit) // each goes on top
        print_with_crlf(edit->name + ": " + edit->value + "\n");
    for (const auto& field : mail.message.header)
        print_with_crlf(field.name + ":" + field.value + "\n");
    print("\r\n");
    print(mail.body);
    return 0;
}

int select(const std::vector<std::string>& words)
{
    DkimSettings settings;
    settings.key_table = words.at(0);
    settings.signing_table = words.at(1);
    settings.all_matches = words.at(2) == "all";
    const auto signers = DkimSigners::load(settings, {});
    for (const auto* const faults : {&signers.table_faults(), &signers.key_faults()})
        for (const auto& fault : *faults)
            throw std::runtime_error(fault);
    for (std::size_t i = 3; i < words.size(); ++i) {
        const std::string from[] = {"From"};
        const auto author = author_of({{"From", words[i]}}, from);
        std::string line;
        for (const auto& signer : author ? signers.for_author(*author) : std::vector<DkimSigner>())
            line += (line.empty() ? "" : " ")
                + (signer.key ? fmt::format("{}/{}/{}", signer.domain, signer.selector, signer.identity) : "defer");
        print(line + "\n");
    }
    return 0;
}

FakeResolver::Zone read_zone(const std::string& path)
{
    FakeResolver::Zone zone;
    std::istringstream lines(read_file(path));
    for (std::string line; std::getline(lines, line);) {
        const auto blank = line.find(' ');
        const auto text = line.substr(blank + 1);
        zone[{line.substr(0, blank), RrType::txt}] = text == "tempfail" ? DnsReply{} : found({text});
    }
    return zone;
}

int verify(const std::vector<std::string>& words)
{
    const auto mail = read_mail_text(read_file(words.at(0)));
    FakeResolver resolver(read_zone(words.at(2)));
    IoThread io;
    const SystemClock clock;
    auto filter = DkimVerifyFilter::create({}, resolver, io.executor(), clock);
    if (!filter)
        throw std::runtime_error(filter.error().what);
    Findings findings;
    pass_through(**filter, mail, std::stoul(words.at(1)), findings);
    for (const auto& result : findings.auth_results) {
        std::string domain;
        for (const auto& property : result.properties)
            if (property.property == "d")
                domain = property.value;
        print(result.result + "\t" + domain + "\t" + result.reason + "\n");
    }
    return 0;
}

int record(const std::vector<std::string>& words)
{
    const auto loaded = load_dkim_key(words.at(0));
    if (!loaded)
        throw std::runtime_error(loaded.error().what);
    print(loaded->key->record() + "\n");
    return 0;
}

} // namespace
} // namespace postern

int main(int argc, char** argv)
{
    const std::vector<std::string> words(argv + 1, argv + argc);
    try {
        const auto command = words.at(0);
        const std::vector<std::string> rest(words.begin() + 1, words.end());
        if (command == "sign")
            return postern::sign(rest);
        if (command == "verify")
            return postern::verify(rest);
        if (command == "select")
            return postern::select(rest);
        if (command == "record")
            return postern::record(rest);
        throw std::runtime_error("unknown command " + command);
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "dkim_tool: %s\n", fault.what());
        return 1;
    }
}
