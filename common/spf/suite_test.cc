// Runs a public SPF suite, converted by test/data/spf/convert.py, through check_host.
//
// usage: convert.py SUITE | spf_suite_test COUNT
// Fails unless there are COUNT cases and each comes out as the suite allows.
#include "common/spf/check_host.h"
#include "common/text.h"
#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace postern {
namespace {

struct Case {
    std::string id, host, helo, mail_from, results;
    std::string explanation = "not said"; // "DEFAULT": none of the domain's
};

// "\x5c" to the octet
std::string unescaped(std::string_view text)
{
    std::string octets;
    for (; !text.empty(); text.remove_prefix(1)) {
        if (text.starts_with("\\x")) {
            octets += static_cast<char>(std::stoi(std::string(text.substr(2, 2)), nullptr, 16));
            text.remove_prefix(3);
        } else {
            octets += text.front();
        }
    }
    return octets;
}

template <class T>
T word_of(const std::string& word, const std::vector<std::pair<std::string, T>>& words)
{
    for (const auto& [name, value] : words)
        if (name == word)
            return value;
    throw std::runtime_error("unknown word: " + word);
}

void add_answer(FakeResolver& resolver, const std::vector<std::string>& fields)
{
    const auto type = word_of<RrType>(fields.at(2), {{"A", RrType::a},
                                                     {"AAAA", RrType::aaaa},
                                                     {"MX", RrType::mx},
                                                     {"PTR", RrType::ptr},
                                                     {"TXT", RrType::txt}});
    const auto status = word_of<DnsStatus>(fields.at(3), {{"found", DnsStatus::found},
                                                          {"nodata", DnsStatus::nodata},
                                                          {"tempfail", DnsStatus::tempfail}});
    resolver.set(fields.at(1), type, {status, {fields.begin() + 4, fields.end()}, {}});
}

bool is_allowed(const Case& test, FakeResolver& resolver)
{
    const auto at = test.mail_from.rfind('@');
    SpfQuery query;
    query.ip = *parse_ip_address(test.host);
    query.local_part = at == std::string::npos ? "" : test.mail_from.substr(0, at);
    query.domain = at == std::string::npos ? test.helo : test.mail_from.substr(at + 1); // RFC 7208 2.4
    query.helo = test.helo;
    const auto answer = run(
        check_host(resolver, query, {}, std::chrono::steady_clock::now() + std::chrono::minutes(1)));

    const auto allowed = split(test.results, ',');
    const bool is_result = std::find(allowed.begin(), allowed.end(), spf_result_name(answer.result)) != allowed.end();
    const bool is_explanation = test.explanation == "not said"
        || answer.explanation == (test.explanation == "DEFAULT" ? "" : test.explanation);
    if (!is_result || !is_explanation)
        std::printf("%s: wanted %s \"%s\", got %s \"%s\" (%s)\n", test.id.c_str(), test.results.c_str(),
                    test.explanation.c_str(), std::string(spf_result_name(answer.result)).c_str(),
                    answer.explanation.c_str(), answer.problem.c_str());
    return is_result && is_explanation;
}

bool run_suite(std::istream& lines, int want_count)
{
    FakeResolver resolver;
    int count = 0, passed = 0;
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> fields;
        for (const auto field : split(line, '\t'))
            fields.push_back(unescaped(field));
        if (fields.front() == "scenario") {
            resolver = FakeResolver();
        } else if (fields.front() == "answer") {
            add_answer(resolver, fields);
        } else {
            Case test{fields.at(1), fields.at(2), fields.at(3), fields.at(4), fields.at(5)};
            if (fields.size() > 6)
                test.explanation = fields[6];
            ++count;
            passed += is_allowed(test, resolver);
        }
    }
    std::printf("%d of %d cases as the suite allows, %d wanted\n", passed, count, want_count);
    return passed == count && count == want_count;
}

} // namespace
} // namespace postern

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: convert.py SUITE | %s COUNT\n", argv[0]);
        return 2;
    }
    return postern::run_suite(std::cin, std::stoi(argv[1])) ? 0 : 1;
}
