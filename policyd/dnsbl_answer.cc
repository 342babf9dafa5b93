#include "policyd/dnsbl_answer.h"

#include <algorithm>

namespace postern {
namespace {

using AnswerKind = DnsblAnswer::Kind;

DnsblAnswer answer_of(AnswerKind kind, std::chrono::seconds ttl)
{
    DnsblAnswer answer;
    answer.kind = kind;
    answer.ttl = ttl;
    return answer;
}

} // namespace

bool is_dnsbl_error(const DnsblList& list, const IpAddress& answer)
{
    const auto& octets = answer.octets();
    if (!answer.is_v4() || octets[0] != 127)
        return true;
    if (octets[1] == 255 && octets[2] == 255) // what Spamhaus began and others took over
        return true;
    return std::any_of(list.errors.begin(), list.errors.end(),
                       [&](const ReplyFilter& error) { return error.matches(answer); });
}

DnsblAnswer read_dnsbl_answer(const DnsblList& list, const DnsReply& reply)
{
    switch (reply.status) {
    case DnsStatus::nxdomain:
    case DnsStatus::nodata:
        return answer_of(AnswerKind::unlisted, reply.ttl);
    case DnsStatus::tempfail:
        return answer_of(AnswerKind::failure, {});
    case DnsStatus::found:
        break;
    }
    auto answer = answer_of(AnswerKind::unlisted, reply.ttl);
    std::vector<bool> is_matched(list.rules.size()); // Postfix: a rule counts once, whatever the number of answers
    for (const auto& record : reply.records) {
        const auto code = parse_ip_address(record);
        if (!code || is_dnsbl_error(list, *code)) {
            answer = answer_of(AnswerKind::error, reply.ttl);
            answer.code = code.value_or(IpAddress());
            return answer;
        }
        for (std::size_t i = 0; i < list.rules.size(); ++i) {
            const auto& rule = list.rules[i];
            if (is_matched[i] || (rule.filter && !rule.filter->matches(*code)))
                continue;
            is_matched[i] = true;
            if (answer.kind != AnswerKind::listed || rule.weight > list.rules[answer.rule].weight) {
                answer.rule = i;
                answer.code = *code;
            }
            answer.kind = AnswerKind::listed;
            answer.weight += rule.weight;
        }
    }
    return answer;
}

} // namespace postern
