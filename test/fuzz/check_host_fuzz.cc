#include "common/spf/check_host.h"

#include "common/text.h"
#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>

namespace {

using namespace postern;

constexpr std::size_t most_names = 12, most_records = 16;
constexpr int most_questions = 1 + 10 * (11 + 11) + 1 + 2 * 11 + 1; // as check_host_bounds_test has it
constexpr const char* clients[] = {"192.0.2.1", "203.0.113.1", "2001:db8::1", "2001:db8::ffff"};

void require(bool condition)
{
    if (!condition)
        std::abort();
}

std::string name(std::size_t number)
{
    return static_cast<char>('a' + number) + std::string(".x"); // short, so that the fuzzer soon meets them
}

// "txt v=spf1 ...", "mx b.x", "ptr a.x" (of the client); "? a": the DNS does not answer for these; "- a": there are none.
void set_record(FakeResolver::Zone& zone, const std::string& owner, std::string_view line, const IpAddress& client)
{
    static constexpr std::pair<std::string_view, RrType> types[]
        = {{"txt", RrType::txt}, {"mx", RrType::mx}, {"ptr", RrType::ptr}, {"a", RrType::a}, {"aaaa", RrType::aaaa}};
    const auto blank = std::min(line.find(' '), line.size());
    const auto first = line.substr(0, blank), rest = line.substr(std::min(blank + 1, line.size()));
    const bool is_none = first == "?" || first == "-";
    const auto* const found = std::find_if(std::begin(types), std::end(types),
                                           [&](const auto& type) { return type.first == (is_none ? rest : first); });
    if (found == std::end(types))
        return;
    auto& reply = zone[{found->second == RrType::ptr ? client.reverse_name() : owner, found->second}];
    if (is_none) {
        reply = {first == "?" ? DnsStatus::tempfail : DnsStatus::nodata, {}, {}};
    } else if (reply.records.size() < most_records) {
        reply.status = DnsStatus::found;
        reply.records.emplace_back(rest);
    }
}

bool is_printable(const std::string& text)
{
    return printable(text, text.size()) == text;
}

} // namespace

// The first octet picks the client and the limit; then a line with the local part, one with the HELO name, and the
// records of a.x, one a line; an empty line begins those of b.x, and so on. Evaluation ends within the limits of
// RFC 7208 4.6.4, with one of the seven results, and an answer that is whole.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const auto client = *parse_ip_address(clients[data[0] % 4]);
    const SpfLimits limits{data[0] / 4 % 4};
    const auto lines = split({reinterpret_cast<const char*>(data) + 1, size - 1}, '\n');
    const auto line = [&](std::size_t number) { return number < lines.size() ? std::string(lines[number]) : ""; };

    FakeResolver::Zone zone;
    std::size_t owner = 0;
    for (std::size_t i = 2; i < lines.size() && owner < most_names; ++i) {
        if (lines[i].empty())
            ++owner;
        else
            set_record(zone, name(owner), lines[i], client);
    }

    FakeResolver resolver(std::move(zone));
    const auto answer = run(check_host(resolver, SpfQuery{client, line(0), name(0), line(1), "mx.example"}, limits,
                                       std::chrono::steady_clock::now() + std::chrono::hours(1)));
    const bool is_error = answer.result == SpfResult::temperror || answer.result == SpfResult::permerror;
    require(!spf_result_name(answer.result).empty());
    require(resolver.lookups <= most_questions);
    require(answer.lookups <= 10);
    require(answer.void_lookups <= limits.void_lookups + 1);
    require(answer.void_lookups <= limits.void_lookups || answer.result == SpfResult::permerror);
    require(answer.problem.empty() != is_error);
    require(answer.mechanism.empty() == (is_error || answer.result == SpfResult::none));
    require(answer.explanation.empty() || answer.result == SpfResult::fail);
    require(answer.result == SpfResult::pass || !answer.names_client);
    require(answer.result == SpfResult::fail || !answer.sends_no_mail);
    require(answer.explanation.size() <= 512);
    for (const auto* text : {&answer.mechanism, &answer.explanation, &answer.problem})
        require(is_printable(*text));
    return 0;
}
