#include "common/dnsbl/reply_template.h"

#include <doctest/doctest.h>
#include <map>

namespace postern {
namespace {

std::string expanded(const ReplyTemplate& text, std::size_t limit = 512)
{
    const std::map<std::string_view, std::string_view> values{
        {"rbl_code", "550"},      {"rbl_class", "Client host"}, {"rbl_what", "192.0.2.1"}, {"rbl_domain", "bl.example"},
        {"rbl_reason", ""},       {"sender", "<>"},             {"recipient", "u@example.org"},
        {"helo_name", "$sender"},
    };
    return text.expand(
        [&](std::string_view name) {
            const auto it = values.find(name);
            return it == values.end() ? std::string_view() : it->second;
        },
        limit);
}

} // namespace

TEST_CASE("ReplyTemplate: what comes of it")
{
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}",
         "550 Service unavailable; Client host [192.0.2.1] blocked using bl.example"}, // Postfix's default
        {"${rbl_domain?; $rbl_domain}", "; bl.example"},
        {"${rbl_domain?{; $rbl_domain}}", "; bl.example"},
        {"${rbl_reason:none}", "none"},
        {"${rbl_reason:{none}}", "none"},
        {"${rbl_domain:none}", ""},
        {"${rbl_reason?{a}:{b $sender}}", "b <>"},
        {"${rbl_domain?{a}:{b}}", "a"},
        {"${rbl_domain?{a} : {b}}", "a"},
        {"${rbl_reason?{a}:b}", "b"},
        {"${rbl_domain?a ${rbl_reason:{b}} c}", "a b c"},
        {"${sender}$(recipient)", "<>u@example.org"},
        {"$rbl_what.$rbl_domain", "192.0.2.1.bl.example"},
        {"$$rbl_what costs 5$$", "$rbl_what costs 5$"},
        {"$helo_name", "$sender"}, // one level: a value is not looked at
        {"${helo_name?{x}}", "x"},
        {"$client_name", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto parsed = ReplyTemplate::parse(c.text);
        REQUIRE(parsed);
        CHECK(expanded(*parsed) == c.want);
    }
    CHECK(expanded(*ReplyTemplate::parse("$rbl_what and more"), 5) == "192.0");
}

TEST_CASE("ReplyTemplate: which names it uses")
{
    const auto parsed = ReplyTemplate::parse("$rbl_code ${rbl_domain?{$rbl_reason}:{$sender}}");
    REQUIRE(parsed);
    CHECK(parsed->uses("rbl_reason"));
    CHECK(parsed->uses("rbl_domain"));
    CHECK(parsed->uses("sender"));
    CHECK_FALSE(parsed->uses("recipient"));
}

TEST_CASE("ReplyTemplate: faults")
{
    struct Case {
        std::string text, want; // the fault begins so
    };
    const Case cases[] = {
        {"$rbl_cod", "$rbl_cod stands for nothing here; these do: $client, $client_address, "},
        {"$ 5", "$ stands for nothing here"},
        {"$", "$ stands for nothing here"},
        {"${rbl_code", "\"$\" is followed by a \"{\" that nothing closes"},
        {"$(rbl_code", "\"$\" is followed by a \"(\" that nothing closes"},
        {"${rbl_code!x}", "\"rbl_code\" is followed by \"!\", where only \"?\" and \":\" mean something"},
        {"${rbl_code?{a}b}", "after the braces of \"rbl_code\" stands something more"},
        {"${rbl_code?$nothing}", "$nothing stands for nothing here"},
        {"${{a} == {a} ? {b}}", "$ stands for nothing here"},
        {"${sender?${sender?${sender?${sender?${sender?${sender?x}}}}}}", "has conditions within conditions"},
        {std::string(1001, 'x'), "has 1001 octets; at most 1000 can be used"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto parsed = ReplyTemplate::parse(c.text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().what.substr(0, c.want.size()) == c.want);
    }
}

TEST_CASE("check_reply_template: a code comes first")
{
    struct Case {
        std::string_view text;
        bool want;
    };
    const Case cases[] = {
        {"$rbl_code no", true}, {"${rbl_code} 5.7.1 no", true}, {"554 no", true},          {"450", true},
        {"no", false},          {"250 yes", false},             {"5540 no", false},        {"$rbl_domain no", false},
        {"55 no", false},       {"$oops", false},               {" $rbl_code no", false},
        {"${rbl_reason?550 $rbl_reason}", false},               {"${rbl_reason?{550 $rbl_reason}:{450 no}}", true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        CHECK(check_reply_template(c.text).has_value() == c.want);
    }
    CHECK(check_reply_template("no").error().what == "must begin with $rbl_code or a code from 400 to 599");
}

} // namespace postern
