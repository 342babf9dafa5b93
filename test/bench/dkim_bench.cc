// dkim_bench - what DKIM costs a mail: our filters beside libopendkim alone
//
// usage: dkim_bench [SECONDS]
//
// CPU time; keys of rsa-sha256 with 2048 bits and of ed25519-sha256; relaxed/relaxed. Ours has the whole
// filter with its key lookup on another thread, libopendkim a callback that has the key at hand.
#include "milterd/dkim_sign_filter.h"
#include "milterd/dkim_verify_filter.h"
#include "test/dkim/mail_text.h"
#include "test/dkim/make_key.h"
#include "test/fake/fake_resolver.h"
#include "test/io_thread.h"
#include "test/scratch_folder.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <opendkim/dkim.h>

namespace postern {
namespace {

constexpr std::size_t chunk_size = 65535; // as Postfix sends a body

MailText make_mail(std::size_t body_size)
{
    auto mail = read_mail_text("Received: from mail.example.net (mail.example.net [192.0.2.1])\n"
                               "\tby mx.example.org (Postfix) with ESMTPS id 4XyZ12\n"
                               "\tfor <ann@example.org>; Fri,  1 Mar 2024 12:00:00 +0000 (UTC)\n"
                               "From: Joe Doe <joe@example.org>\nTo: Ann <ann@example.net>\n"
                               "Subject: minutes of the last meeting\nDate: Fri, 1 Mar 2024 12:00:00 +0000\n"
                               "Message-ID: <20240301120000.12345@example.org>\nMIME-Version: 1.0\n"
                               "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n");
    while (mail.body.size() < body_size)
        mail.body += "The quick brown fox jumps over the lazy dog, again and again and yet again.\r\n";
    return mail;
}

template <class Take>
void in_chunks(const std::string& body, Take take)
{
    for (std::span<const char> rest = body; !rest.empty();) {
        const auto piece = rest.first(std::min(chunk_size, rest.size()));
        take(piece);
        rest = rest.subspan(piece.size());
    }
}

FilterVerdict pass_through(Filter& filter, const MailText& mail, Findings& findings)
{
    const auto pass = filter.begin(mail.message);
    pass->header_complete(mail.message);
    in_chunks(mail.body, [&](auto piece) { pass->body(piece); });
    return pass->verdict(mail.message, findings, std::chrono::steady_clock::now() + std::chrono::seconds(60));
}

// Of this process, all threads: the machine may have other work
double cpu_seconds()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double microseconds(double seconds, const std::function<void()>& work)
{
    work(); // once to warm up
    const double start = cpu_seconds();
    double took = 0;
    std::size_t runs = 0;
    do {
        work();
        ++runs;
        took = cpu_seconds() - start;
    } while (took < seconds);
    return took / static_cast<double>(runs) * 1e6;
}

u_char* octets(const std::string& text)
{
    return reinterpret_cast<u_char*>(const_cast<char*>(text.data()));
}

// libopendkim as its manual uses it
struct Bare {
    Bare()
    {
        std::uint32_t flags = DKIM_LIBFLAGS_NONE;
        dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags);
        dkim_set_key_lookup(library, [](DKIM* handle, DKIM_SIGINFO*, u_char* into, std::size_t size) {
            const auto& record = *static_cast<const std::string*>(dkim_get_user_context(handle));
            std::strncpy(reinterpret_cast<char*>(into), record.c_str(), size - 1);
            return static_cast<DKIM_CBSTAT>(DKIM_CBSTAT_CONTINUE);
        });
    }
    ~Bare() { dkim_close(library); }

    static void feed(DKIM* handle, const std::vector<std::string>& fields, const std::string& body)
    {
        for (const auto& field : fields)
            dkim_header(handle, octets(field), field.size());
        dkim_eoh(handle);
        in_chunks(body, [&](auto piece) {
            dkim_body(handle, reinterpret_cast<u_char*>(const_cast<char*>(piece.data())), piece.size());
        });
    }

    bool sign(const std::vector<std::string>& fields, const std::string& body, const std::string& pem,
              dkim_alg_t algorithm) const
    {
        DKIM_STAT status = DKIM_STAT_OK;
        static const std::string id = "id", selector = "sel", domain = "example.org";
        DKIM* handle = dkim_sign(library, octets(id), nullptr, octets(pem), octets(selector), octets(domain),
                                 DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, algorithm, -1, &status);
        feed(handle, fields, body);
        u_char* field = nullptr;
        std::size_t size = 0;
        const bool is_good = dkim_eom(handle, nullptr) == DKIM_STAT_OK
            && dkim_getsighdr_d(handle, 16, &field, &size) == DKIM_STAT_OK;
        dkim_free(handle);
        return is_good;
    }

    bool verify(const std::vector<std::string>& fields, const std::string& body, const std::string& record) const
    {
        DKIM_STAT status = DKIM_STAT_OK;
        static const std::string id = "id";
        DKIM* handle = dkim_verify(library, octets(id), nullptr, &status);
        dkim_set_user_context(handle, const_cast<std::string*>(&record));
        feed(handle, fields, body);
        const bool is_good = dkim_eom(handle, nullptr) == DKIM_STAT_OK;
        dkim_free(handle);
        return is_good;
    }

    DKIM_LIB* library = dkim_init(nullptr, nullptr);
};

std::vector<std::string> fields_of(const MailText& mail)
{
    std::vector<std::string> fields;
    for (const auto& field : mail.message.header) {
        fields.push_back(field.name + ":");
        for (const char c : field.value)
            fields.back() += c == '\n' ? "\r\n" : std::string(1, c);
    }
    return fields;
}

void demand(bool condition, const char* what)
{
    if (!condition) {
        std::fprintf(stderr, "dkim_bench: %s went wrong\n", what);
        std::exit(1);
    }
}

void report(const char* what, std::size_t size, double ours, double bare)
{
    std::printf("%-28s ours %9.1f us (%6.1f MB/s)   libopendkim %9.1f us (%6.1f MB/s)   %.2f times\n", what, ours,
                static_cast<double>(size) / ours, bare, static_cast<double>(size) / bare, bare / ours);
}

void measure(const char* kind, const std::string& pem, dkim_alg_t algorithm, std::size_t body_size, double seconds)
{
    const ScratchFolder folder;
    const auto path = folder / "key";
    std::ofstream(path) << pem;
    DkimSettings settings;
    settings.canonicalization = "relaxed/relaxed";
    settings.signed_fields = settings.omitted_fields = settings.author_fields = settings.oversign = {"*"};
    settings.domains = {{"example.org", "sel", path, false}};
    const SystemClock clock;
    const auto signer = DkimSignFilter::create(
        settings, DkimSigners::load(settings, DkimKeys::load(settings.domains)), clock, "");
    demand(signer.has_value(), "the key");

    const auto record = DkimPrivateKey::parse(pem)->record();
    FakeResolver resolver({{{"sel._domainkey.example.org", RrType::txt}, found({record})}});
    IoThread io;
    const auto verifier = DkimVerifyFilter::create({}, resolver, io.executor(), clock);
    const Bare bare;

    auto mail = make_mail(body_size);
    mail.message.origin = Origin::ours;
    Findings findings;
    auto fields = fields_of(mail);
    const auto title = [&](const char* verb) {
        return fmt::format("{} {}, {}", verb, kind, body_size >= 1'000'000 ? "10 MB" : "4 KB");
    };
    report(title("sign").c_str(), mail.body.size(),
           microseconds(seconds, [&] { demand(!pass_through(**signer, mail, findings).edits.empty(), "signing"); }),
           microseconds(seconds, [&] { demand(bare.sign(fields, mail.body, pem, algorithm), "its signing"); }));

    const auto signed_by = pass_through(**signer, mail, findings);
    mail.message.header.insert(mail.message.header.begin(),
                               {signed_by.edits.at(0).name, " " + signed_by.edits.at(0).value});
    mail.message.origin = Origin::stranger;
    fields = fields_of(mail);
    report(title("verify").c_str(), mail.body.size(), microseconds(seconds, [&] {
               findings.auth_results.clear();
               pass_through(**verifier, mail, findings);
               demand(findings.auth_results.at(0).result == "pass", "verifying");
           }),
           microseconds(seconds, [&] { demand(bare.verify(fields, mail.body, record), "its verifying"); }));
}

} // namespace
} // namespace postern

int main(int argc, char** argv)
{
    const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 2;
    const auto rsa = postern::make_rsa_pem(2048);
    const auto ed25519 = postern::make_ed25519_pem();
    for (const std::size_t size : {std::size_t{4096}, std::size_t{10'000'000}}) {
        postern::measure("rsa-2048", rsa, DKIM_SIGN_RSASHA256, size, seconds);
        postern::measure("ed25519", ed25519, DKIM_SIGN_ED25519SHA256, size, seconds);
    }
}
