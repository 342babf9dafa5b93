#include "milterd/dkim_record_check.h"

#include "milterd/dkim_private_key.h"
#include "test/dkim/make_key.h"
#include "test/fake/fake_resolver.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

HeldDkimKey held(const std::string& pem)
{
    const auto key = DkimPrivateKey::parse(pem);
    REQUIRE(key.has_value());
    return {key->type(), key->record()};
}

std::string key_of(const HeldDkimKey& key)
{
    return key.record.substr(key.record.find("p=") + 2);
}

const DnsReply none{DnsStatus::nxdomain, {}, {}};
const DnsReply silence{};

} // namespace

TEST_CASE("compare_dkim_record: what stands there, and how it came to be")
{
    const auto rsa = held(make_rsa_pem(2048));
    const auto ed25519 = held(make_ed25519_pem());
    const auto key = key_of(rsa);
    struct Case {
        const char* name;
        const HeldDkimKey& held;
        DnsReply reply;
        RecordFinding want;
        std::string want_why;
    };
    const Case cases[] = {
        {"as it should be", rsa, found({rsa.record}), RecordFinding::match, ""},
        {"Ed25519", ed25519, found({ed25519.record}), RecordFinding::match, ""},
        {"k=rsa is the default", rsa, found({"v=DKIM1; p=" + key}), RecordFinding::match, ""},
        {"other tags, folds", rsa, found({"v=DKIM1;t=s; n=x; p=" + key.substr(0, 200) + " " + key.substr(200) + ";"}),
         RecordFinding::match, ""},
        {"no such name", rsa, none, RecordFinding::missing, "there is no such name"},
        {"no record", rsa, {DnsStatus::nodata, {}, {}}, RecordFinding::missing, "there is no TXT record"},
        {"silence", rsa, silence, RecordFinding::trouble, "no answer"},
        {"revoked", rsa, found({"v=DKIM1; p="}), RecordFinding::revoked, "p= is empty: the key is revoked"},
        {"the first string alone", rsa, found({rsa.record.substr(0, 255)}), RecordFinding::mismatch,
         "the key is cut off after 237 of 392 characters: the rest of its strings is missing"},
        {"the second string alone", rsa, found({rsa.record.substr(255)}), RecordFinding::mismatch,
         "only a part of the key stands there: the first string is missing"},
        {"the tags without the key", rsa, found({"v=DKIM1; k=rsa"}), RecordFinding::mismatch,
         "no p=: the string that holds the key is missing"},
        {"the head of the key is missing", rsa, found({"v=DKIM1; k=rsa; p=" + key.substr(72)}), RecordFinding::mismatch,
         "the first 72 of 392 characters of the key are missing"},
        {"a string in the middle is missing", rsa, found({"v=DKIM1; k=rsa; p=" + key.substr(0, 144) + key.substr(216)}),
         RecordFinding::mismatch, "72 characters of the key are missing in the middle: one of its strings is lost"},
        {"each string a record", rsa, found({rsa.record.substr(0, 255), rsa.record.substr(255)}),
         RecordFinding::mismatch, "2 TXT records stand there; there must be one, with all strings in it"},
        {"another key", rsa, found({held(make_rsa_pem(1024)).record}), RecordFinding::mismatch,
         "another RSA key, of 1024 bits"},
        {"another Ed25519 key", ed25519, found({held(make_ed25519_pem()).record}), RecordFinding::mismatch,
         "another Ed25519 key"},
        {"the other algorithm's key", ed25519, found({rsa.record}), RecordFinding::mismatch,
         "another key, of another algorithm"},
        {"k= is missing", ed25519, found({"v=DKIM1; p=" + key_of(ed25519)}), RecordFinding::mismatch,
         "k=ed25519 is missing: without it the key is taken for one of RSA"},
        {"k= is wrong", rsa, found({"v=DKIM1; k=ed25519; p=" + key}), RecordFinding::mismatch,
         "k= is wrong: this is an RSA key"},
        {"quotes", rsa, found({"\"" + rsa.record.substr(0, 200) + "\" \"" + rsa.record.substr(200) + "\""}),
         RecordFinding::mismatch, "quotes stand in the record: they were pasted along with its strings"},
        {"a backslash", rsa, found({"v=DKIM1\\; k=rsa\\; p=x"}), RecordFinding::mismatch,
         "a backslash stands in the record: it was quoted twice"},
        {"something else", rsa, found({"hello"}), RecordFinding::mismatch,
         "no key record: tag hello has no \"=\""},
        {"sha1 only", rsa, found({"v=DKIM1; h=sha1; p=" + key}), RecordFinding::mismatch,
         "h= does not allow sha256, by which we sign"},
        {"not for mail", rsa, found({"v=DKIM1; s=tlsrpt; p=" + key}), RecordFinding::mismatch, "s= does not allow email"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto sight = compare_dkim_record(c.reply, c.held);
        CHECK(word_of(sight.finding) == word_of(c.want));
        CHECK(sight.why == c.want_why);
        CHECK_FALSE(sight.is_testing);
    }
    const auto testing = compare_dkim_record(found({"v=DKIM1; t=y; p=" + key}), rsa);
    CHECK(testing.finding == RecordFinding::match);
    CHECK(testing.is_testing);
}

TEST_CASE("judge_dkim_sight: the resolver and the zone's own servers together")
{
    const auto key = held(make_ed25519_pem());
    const auto good = found({key.record});
    const auto bad = found({held(make_ed25519_pem()).record});
    struct Case {
        const char* name;
        DkimRecordReplies replies;
        RecordFinding want;
        bool want_gone = false;
    };
    const Case cases[] = {
        {"everywhere", {good, true, {{"a", good}, {"b", good}}, ""}, RecordFinding::match},
        {"a dead server among others is none", {good, true, {{"a", silence}, {"b", good}}, ""}, RecordFinding::match},
        {"only the resolver is asked", {good, false, {}, ""}, RecordFinding::match},
        {"one server has it not", {good, true, {{"a", good}, {"b", none}}, ""}, RecordFinding::missing},
        {"one server has another", {good, true, {{"a", good}, {"b", bad}}, ""}, RecordFinding::mismatch},
        {"the resolver remembers that it was not there", {none, true, {{"a", good}}, ""}, RecordFinding::missing},
        {"the resolver is silent", {silence, true, {{"a", good}}, ""}, RecordFinding::trouble},
        {"all servers are silent", {good, true, {{"a", silence}, {"b", silence}}, ""}, RecordFinding::trouble},
        {"the servers cannot be found", {good, true, {}, "no answer"}, RecordFinding::trouble},
        {"silence everywhere", {silence, true, {{"a", silence}}, ""}, RecordFinding::trouble},
        {"what is certain counts before silence", {silence, true, {{"a", none}}, ""}, RecordFinding::missing},
        {"gone everywhere", {none, true, {{"a", none}, {"b", silence}}, ""}, RecordFinding::missing, true},
        {"gone, the resolver alone", {none, false, {}, ""}, RecordFinding::missing, true},
        {"revoked is gone", {found({"p="}), true, {{"a", none}}, ""}, RecordFinding::revoked, true},
        {"not gone: no server says so", {none, true, {{"a", silence}}, ""}, RecordFinding::missing},
        {"not gone: a server still has it", {none, true, {{"a", none}, {"b", good}}, ""}, RecordFinding::missing},
        {"not gone: the resolver is silent", {silence, true, {{"a", none}}, ""}, RecordFinding::missing},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto sight = judge_dkim_sight(c.replies, key);
        CHECK(word_of(sight.finding) == word_of(c.want));
        CHECK(sight.is_gone == c.want_gone);
        CHECK(sight.why.empty() == (c.want == RecordFinding::match));
        CHECK(sight.each.size() == 1 + c.replies.servers.size());
    }
    CHECK(judge_dkim_sight(cases[4].replies, key).why == "b: another Ed25519 key");
}

} // namespace postern
