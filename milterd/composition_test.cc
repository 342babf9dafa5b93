// The parts together: mail that each part for itself would judge rightly, made so that two of them speak of
// different domains. After "Composition Kills: A Case Study of Email Sender Authentication" (Chen, Paxson,
// Jiang, USENIX Security 2020), CVE-2019-20790 and CVE-2020-12272. Whatever the trick, nothing of
// Authentication-Results may say that the victim vouches for the mail.
#include "milterd/auth_results_filter.h"
#include "milterd/dkim_verify_filter.h"
#include "milterd/dmarc_filter.h"
#include "milterd/filter_chain.h"
#include "milterd/spf_filter.h"
#include "test/dkim/sign_mail.h"
#include "test/fake/fake_clock.h"
#include "test/fake/fake_log.h"
#include "test/fake/fake_resolver.h"
#include "test/strict_auth_results.h"

#include <asio/executor_work_guard.hpp>
#include <doctest/doctest.h>
#include <thread>

namespace postern {
namespace {

// The attacker has an SPF record, a key and a DMARC policy that all are good; the victim refuses everything.
FakeResolver::Zone zone()
{
    return {{{"attacker.example", RrType::txt}, found({"v=spf1 ip4:192.0.2.66 -all"})},
            {{"mx.attacker.example", RrType::txt}, found({"v=spf1 ip4:192.0.2.66 -all"})},
            {{"k._domainkey.attacker.example", RrType::txt}, found({sign_mail_record})},
            {{"_dmarc.attacker.example", RrType::txt}, found({"v=DMARC1; p=none"})},
            {{"victim.example", RrType::txt}, found({"v=spf1 -all"})},
            {{"_dmarc.victim.example", RrType::txt}, found({"v=DMARC1; p=reject"})}};
}

class World {
public:
    ~World()
    {
        io_.stop();
        thread_.join();
    }

    // What stands in the one field of ours. With a place for the decision, policies are followed.
    strict::AuthResultsField judge(const std::string& sender, const std::string& helo, Message message,
                                   std::string_view body, Decision* decision = nullptr)
    {
        message.client = IpAddress::v4({192, 0, 2, 66});
        message.client_name = "unknown";
        message.helo = helo;
        message.sender = parse_mail_address(sender);

        std::vector<ChainedFilter> filters;
        auto ask = [this](SpfQuery query, Deadline deadline) {
            return check_host(resolver_, std::move(query), SpfLimits{}, deadline);
        };
        filters.push_back({std::make_unique<SpfFilter>(io_, ask, SpfFilterOptions{std::chrono::seconds(10), "mx"})});
        filters.push_back({DkimVerifyFilter::create({}, resolver_, io_.get_executor(), clock_).value()});
        DmarcOptions options;
        if (decision != nullptr)
            options.actions.reject = FilterAction::reject;
        filters.push_back({std::make_unique<DmarcFilter>(options, resolver_, io_.get_executor())});
        AuthResultsOptions named;
        named.authserv_id = "mx.example.com";
        filters.push_back({std::make_unique<AuthResultsFilter>(named)});

        std::string written;
        const auto chain = std::make_shared<const FilterChain>(std::move(filters), ChainSettings{std::chrono::seconds(30)}, log_);
        ChainPass pass(chain, message);
        pass.body(body);
        auto decided = pass.finish();
        for (const auto& edit : decided.edits)
            if (edit.kind == HeaderEdit::Kind::insert)
                written = edit.value;
        if (decision != nullptr)
            *decision = decided;
        if (written.empty())
            return {};
        auto read = strict::parse_auth_results(written);
        CAPTURE(written);
        REQUIRE(read.has_value());
        return *read;
    }

    strict::AuthResultsField judge(const std::string& sender, const std::string& helo, const std::string& text,
                                   Decision* decision = nullptr)
    {
        const auto mail = read_mail_text(text);
        return judge(sender, helo, mail.message, mail.body, decision);
    }

private:
    FakeResolver resolver_{zone()};
    FakeClock clock_;
    FakeLog log_;
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    std::thread thread_{[this] { io_.run(); }};
};

// Does any result that passes name the victim?
bool vouches_for_victim(const strict::AuthResultsField& field)
{
    for (const auto& result : field.results)
        for (const auto& property : result.properties)
            if (result.result == "pass" && property.value.find("victim.example") != std::string::npos
                && property.property != "mailfrom" && property.property != "helo")
                return true;
    return false;
}

std::string dmarc_of(const strict::AuthResultsField& field)
{
    for (const auto& result : field.results)
        if (result.method == "dmarc")
            return result.result;
    return "";
}

std::string text_of(const strict::AuthResultsField& field)
{
    std::string text;
    for (const auto& result : field.results) {
        text += (text.empty() ? "" : "; ") + result.method + "=" + result.result;
        for (const auto& property : result.properties)
            text += " " + property.ptype + "." + property.property + "=" + property.value;
    }
    return text;
}

const std::string plain = "Subject: x\nDate: now\n\nHi.\n";
const std::string good_tags = "d=attacker.example; s=k; h=from:subject";

} // namespace

TEST_CASE("the honest attacker passes as himself")
{
    World world;
    const auto field = world.judge("a@attacker.example", "mx.attacker.example",
                                   sign_mail(good_tags, "From: a@attacker.example\n" + plain));
    CHECK(text_of(field)
          == "spf=pass smtp.mailfrom=a@attacker.example; dkim=pass header.d=attacker.example "
             "header.i=@attacker.example header.s=k header.a=ed25519-sha256 header.b="
              + field.results.at(1).properties.back().value
              + "; dmarc=pass header.from=attacker.example policy.dmarc=none");
}

TEST_CASE("composition attacks: nobody vouches for the victim")
{
    const auto from_victim = "From: a@victim.example\n" + plain;
    const std::string attacker = "a@attacker.example";
    const std::string helo = "mx.attacker.example";
    struct Case {
        const char* name;
        std::string sender;
        std::string helo;
        std::string mail;
        const char* want_dmarc;
    };
    const Case cases[] = {
        {"a HELO name that passes, and the victim's sender (CVE-2019-20790)", "a@victim.example", helo, from_victim,
         "fail"},
        {"the same, with a header that calls it a pass", "a@victim.example", helo,
         "Received-SPF: pass identity=mailfrom; envelope-from=a@victim.example\n"
         "Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=victim.example; dkim=pass "
         "header.d=victim.example; dmarc=pass header.from=victim.example\n"
             + from_victim,
         "fail"},
        {"no sender, and the attacker's HELO name", "", helo, from_victim, "fail"},
        {"no sender, and the victim's HELO name", "", "victim.example", from_victim, "fail"},
        {"a HELO name with a comment", "", "victim.example(.attacker.example", from_victim, "fail"},
        {"a subdomain that is not there", attacker, helo, "From: a@gone.victim.example\n" + plain, "fail"},
        {"a comment in the sender's domain", "a@victim.example(.attacker.example", helo, from_victim, "fail"},
        {"a quote in the sender", "\"a@victim.example\"@attacker.example", helo, from_victim, "fail"},
        {"results in the sender", "\"; dmarc=pass header.from=victim.example; x=\"@attacker.example", helo,
         from_victim, "fail"},
        {"a comment in d=", attacker, helo,
         sign_mail("d=victim.example(.attacker.example; s=k; h=from", from_victim), "fail"},
        {"a quote in d=", attacker, helo, sign_mail("d=victim.example\".attacker.example; s=k; h=from", from_victim),
         "fail"},
        {"results in i=", attacker, helo,
         sign_mail("d=attacker.example; s=k; h=from; i=\"x;dmarc=pass header.from=victim.example\"@attacker.example",
                   from_victim),
         "fail"},
        {"results in s=", attacker, helo,
         sign_mail("d=attacker.example; s=k header.d=victim.example; h=from", from_victim), "fail"},
        {"the attacker's signature and sender, the victim's From", attacker, helo, sign_mail(good_tags, from_victim),
         "fail"},
        {"a second From below what is signed", attacker, helo,
         sign_mail(good_tags, "From: a@attacker.example\nFrom: a@victim.example\n" + plain), "permerror"},
        {"a second From above", attacker, helo,
         "From: a@victim.example\n" + sign_mail(good_tags, "From: a@attacker.example\n" + plain), "permerror"},
        {"a second From with a blank behind its name", attacker, helo,
         "From : a@victim.example\n" + sign_mail(good_tags, "From: a@attacker.example\n" + plain), "permerror"},
        {"one From, with a blank behind its name", attacker, helo, "From : a@victim.example\n" + plain, "fail"},
        {"two authors", attacker, helo, sign_mail(good_tags, "From: a@attacker.example, b@victim.example\n" + plain),
         "permerror"},
        {"two authors, the victim first", attacker, helo,
         sign_mail(good_tags, "From: <b@victim.example>, <a@attacker.example>\n" + plain), "permerror"},
        {"two addresses without a comma", attacker, helo,
         sign_mail(good_tags, "From: <b@victim.example> <a@attacker.example>\n" + plain), "permerror"},
        {"an address behind an address", attacker, helo,
         sign_mail(good_tags, "From: a@attacker.example <b@victim.example>\n" + plain), "fail"},
        {"no From, but a Sender", attacker, helo,
         sign_mail("d=attacker.example; s=k; h=from:sender", "Sender: a@victim.example\n" + plain), "permerror"},
        {"an empty From", attacker, helo, sign_mail(good_tags, "From: <>\n" + plain), "permerror"},
        {"a group", attacker, helo, sign_mail(good_tags, "From: victim.example:b@victim.example;\n" + plain), "fail"},
        {"a comment in From", attacker, helo,
         sign_mail(good_tags, "From: b@victim.example(<a@attacker.example>)\n" + plain), "fail"},
        {"a backslash before the address", attacker, helo,
         sign_mail(good_tags, "From: <b@victim.example>\\, <a@attacker.example>\n" + plain), "permerror"},
        {"two @", attacker, helo, sign_mail(good_tags, "From: b@victim.example@attacker.example\n" + plain), "permerror"},
        {"a folded address", attacker, helo,
         sign_mail(good_tags, "From: b@victim.\n example\n" + plain), "fail"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        World world;
        const auto told = world.judge(c.sender, c.helo, c.mail);
        CHECK_FALSE(vouches_for_victim(told));
        CHECK(dmarc_of(told) == c.want_dmarc);
        Decision decision;
        world.judge(c.sender, c.helo, c.mail, &decision);
        CHECK((decision.filter == "dmarc") == (c.want_dmarc == std::string("fail")));
    }
}

TEST_CASE("composition attacks: names that only look like the victim's to a reader")
{
    // The author is the attacker, who may pass as himself: the header says so, whatever is displayed
    const std::string mails[] = {
        "From: \"b@victim.example\" <a@attacker.example>\n" + plain,
        "From: b@victim.example:a@attacker.example;\n" + plain,
        "From: <@victim.example:a@attacker.example>\n" + plain,
        "From: =?utf-8?b?PGJAdmljdGltLmV4YW1wbGU+?= <a@attacker.example>\n" + plain,
        "From: (<b@victim.example>) a@attacker.example\n" + plain,
    };
    for (const auto& mail : mails) {
        CAPTURE(mail);
        World world;
        const auto field = world.judge("a@attacker.example", "mx.attacker.example", sign_mail(good_tags, mail));
        CHECK_FALSE(vouches_for_victim(field));
        for (const auto& result : field.results)
            for (const auto& property : result.properties)
                if (property.property == "from")
                    CHECK(property.value == "attacker.example");
    }
}

TEST_CASE("a NUL in a name ends nothing (the paper's attack on key lookups)")
{
    World world;
    auto mail = read_mail_text(sign_mail(good_tags, "From: a@victim.example\n" + plain));
    const std::string nul(1, '\0');
    for (auto& field : mail.message.header)
        if (field.name == "DKIM-Signature")
            field.value.replace(field.value.find("d=attacker.example"), 18, "d=attacker.example" + nul + ".victim.example");
    const auto told =
        world.judge("a@attacker.example" + nul + ".victim.example", "x" + nul, mail.message, mail.body);
    CHECK_FALSE(vouches_for_victim(told));
    CHECK(dmarc_of(told) == "fail");

    mail = read_mail_text("From: a@victim.example\n" + plain);
    mail.message.header[0].value = " a@victim.example" + nul + "@attacker.example";
    const auto field = world.judge("a@attacker.example", "mx.attacker.example", mail.message, mail.body);
    CHECK_FALSE(vouches_for_victim(field));
    CHECK(dmarc_of(field) != "pass");
}

TEST_CASE("every separator, comment, quote, line end and NUL in everything that a sender controls")
{
    const std::string pieces[] = {";",  "; dmarc=pass header.from=victim.example", "(",    ")",  "(a", "\\", "\"", "\"\"",
                                  ",",  "\n",   "\r\n", "\r", "\n\t; dmarc=pass header.from=victim.example", "\n\n", "=", ".",
                                  "\t", " ", "<", ">", "@", "/", ":", "[", "]", "?", std::string(1, '\0'), "\x7f", "\xff",
                                  "\xc3\xa9", "\xe2\x80\xa8", std::string(600, 'x'), std::string(600, '"')};
    World world;
    for (const auto& piece : pieces) {
        for (const bool is_smtputf8 : {false, true}) {
            CAPTURE(piece);
            CAPTURE(is_smtputf8);
            const auto put = [&](std::string text) { return text.replace(text.find('%'), 1, piece); };
            Message message;
            message.is_smtputf8 = is_smtputf8;
            message.header = {
                {"DKIM-Signature", put(" v=1; a=rsa%-sha256; d=attacker.example; s=k; h=from; bh=YQ==; b=YQ==")},
                {"DKIM-Signature", put(" v=1; a=rsa-sha256; d=victim%.example; s=k; h=from; bh=YQ==; b=YQ==")},
                {"DKIM-Signature", put(" v=1; a=rsa-sha256; d=attacker.example; s=k%; h=from; bh=YQ==; b=YQ==")},
                {"DKIM-Signature",
                 put(" v=1; a=rsa-sha256; d=attacker.example; i=x%@attacker.example; s=k; h=from; bh=YQ==; b=YQ==")},
                {"DKIM-Signature", put(" v=1; a=rsa-sha256; d=attacker.example; s=k; h=from; bh=YQ==; b=Y%Q==")},
                {"DKIM-Signature", put(" v=1; %=1; a=rsa-sha256; d=attacker.example; s=k; h=from; bh=YQ==; b=YQ==")},
                {"From", put(" \"%\" <a%@attacker.example>")}};
            const auto field =
                world.judge(put("a%@attacker%.example"), put("mx%.attacker.example"), message, "Hi.\r\n");
            CHECK_FALSE(vouches_for_victim(field));
            std::size_t dmarc = 0;
            for (const auto& result : field.results)
                dmarc += result.method == "dmarc" ? 1 : 0;
            CHECK(dmarc == 1);
            CHECK(field.results.size() == 1 + 6 + 1);
        }
    }
}

} // namespace postern
