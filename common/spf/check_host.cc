#include "common/spf/check_host.h"

#include "common/spf/domain.h"
#include "common/spf/macro.h"
#include "common/spf/record.h"
#include "common/text.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace postern {
namespace {

constexpr int max_lookups = 10;                            // RFC 7208 4.6.4
constexpr std::size_t max_mx_names = 10, max_ptr_names = 10; // RFC 7208 4.6.4
constexpr std::size_t max_explanation = 512;               // octets: it has to fit in one SMTP reply
constexpr std::size_t max_problem = 200;
constexpr int widest_ip4 = 12, widest_ip6 = 32;               // prefixes of networks that name hosts
constexpr auto time_is_up = "the time is up";

// What ends an evaluation at once, however deep in include it happens.
struct Stop {
    SpfResult result; // temperror or permerror
    std::string record_domain;
    std::string problem;
};

template <class T>
using OrStop = tl::expected<T, Stop>;

// What the record of one domain says, redirect= followed.
struct Decision {
    SpfResult result = SpfResult::none;
    std::string mechanism;
    std::string domain; // of the record that decided
    std::string exp;    // its exp=, if the result is fail
    bool names_client = false;
    bool sends_no_mail = false;
};

// One directive on its way.
struct Term {
    const SpfDirective& directive;
    const std::string& domain; // of the record it stands in
    std::string target;        // <target-name> (RFC 7208 4.8)
    bool is_void = false;      // one of its questions found nothing
    bool names_client = false; // if it matches
};

bool uses_any_macro(const MacroString& domain_spec)
{
    return std::any_of(domain_spec.begin(), domain_spec.end(), [](const MacroPiece& piece) { return piece.letter != 0; });
}

// Whether a match says that the domain's owner knows this host. A name made of the client's address
// may be answered by a server that says yes to everyone.
bool names_hosts(const SpfDirective& directive, const IpAddress& client)
{
    const int widest = client.is_v4() ? widest_ip4 : widest_ip6;
    switch (directive.mechanism) {
    case SpfMechanism::ip4:
    case SpfMechanism::ip6:
        return directive.network.prefix >= widest;
    case SpfMechanism::a:
    case SpfMechanism::mx:
        return (client.is_v4() ? directive.ip4_prefix : directive.ip6_prefix) >= widest
            && !(directive.domain_spec && uses_any_macro(*directive.domain_spec));
    case SpfMechanism::include: // the included record tells
    case SpfMechanism::all:
    case SpfMechanism::ptr:
    case SpfMechanism::exists:
        return false;
    }
    return false; // unreachable: -Wswitch names a mechanism without a case
}

// The state of one check_host(). Its coroutines take references to what the caller's frame holds:
// each is awaited where it is called.
class Evaluation {
public:
    Evaluation(Resolver& resolver, SpfQuery query, SpfLimits limits, Deadline deadline);

    asio::awaitable<SpfAnswer> run();

private:
    asio::awaitable<OrStop<Decision>> evaluate(std::string domain);
    asio::awaitable<OrStop<std::optional<std::string>>> find_record(const std::string& domain);
    asio::awaitable<OrStop<std::string>> redirect_target(const MacroString& redirect, const std::string& domain);
    asio::awaitable<std::string> explain(const Decision& decision);

    // Whether the directive matches the client.
    std::optional<bool> match_without_dns(const SpfDirective& directive) const;
    asio::awaitable<OrStop<bool>> match(Term& term);
    asio::awaitable<OrStop<bool>> match_include(Term& term);
    asio::awaitable<OrStop<bool>> match_addresses(Term& term, const std::string& name);
    asio::awaitable<OrStop<bool>> match_exists(Term& term);
    asio::awaitable<OrStop<bool>> match_mx(Term& term);
    asio::awaitable<OrStop<bool>> match_ptr(Term& term);

    asio::awaitable<DnsReply> ask(const std::string& name, RrType type);
    asio::awaitable<bool> is_validated(const std::string& name);
    asio::awaitable<std::string> validated_name(const std::string& domain);

    bool count_lookups(const MacroString* domain_spec);
    bool never_matches(const MacroString& domain_spec) const;
    bool has_client(const DnsReply& reply, int ip4_prefix, int ip6_prefix) const;
    std::optional<Stop> check_reply(const DnsReply& reply, const std::string& name, Term& term);
    Stop stop(SpfResult result, const std::string& domain, std::string_view why) const;
    Stop stop(SpfResult result, const Term& term, std::string_view why) const;

    bool is_late() const { return std::chrono::steady_clock::now() >= deadline_; }
    RrType address_type() const { return query_.ip.is_v4() ? RrType::a : RrType::aaaa; }
    MacroValues macro_values(const std::string& domain, const std::string& validated) const;

    Resolver& resolver_;
    SpfQuery query_;
    SpfLimits limits_;
    Deadline deadline_;
    bool is_ascii_; // the local part
    int lookups_ = 0;
    int void_lookups_ = 0;
};

Evaluation::Evaluation(Resolver& resolver, SpfQuery query, SpfLimits limits, Deadline deadline)
    : resolver_(resolver)
    , query_(std::move(query))
    , limits_(limits)
    , deadline_(deadline)
    , is_ascii_(std::all_of(query_.local_part.begin(), query_.local_part.end(), [](char c) { return c >= 0; }))
{
    if (query_.local_part.empty())
        query_.local_part = "postmaster"; // RFC 7208 4.3
    query_.domain = without_last_dot(query_.domain);
}

asio::awaitable<SpfAnswer> Evaluation::run()
{
    SpfAnswer answer;
    auto decision = co_await evaluate(query_.domain);
    if (decision) {
        answer.result = decision->result;
        if (!decision->exp.empty())
            answer.explanation = co_await explain(*decision);
        answer.mechanism = std::move(decision->mechanism);
        answer.record_domain = std::move(decision->domain);
        answer.names_client = decision->result == SpfResult::pass && decision->names_client;
        answer.sends_no_mail = decision->sends_no_mail;
    } else {
        answer.result = decision.error().result;
        answer.problem = std::move(decision.error().problem);
        answer.record_domain = std::move(decision.error().record_domain);
    }
    answer.lookups = std::min(lookups_, max_lookups);
    answer.void_lookups = void_lookups_;
    co_return answer;
}

asio::awaitable<OrStop<Decision>> Evaluation::evaluate(std::string domain)
{
    bool is_fixed = true; // no redirect= on the way here depends on the client
    for (bool is_redirected = false;; is_redirected = true) {
        const auto text = co_await find_record(domain);
        if (!text)
            co_return tl::unexpected(text.error());
        if (!text->has_value() && is_redirected) // RFC 7208 6.1
            co_return tl::unexpected(stop(SpfResult::permerror, domain, "redirect= leads here, to no record"));
        if (!text->has_value())
            co_return Decision{SpfResult::none, "", std::move(domain), ""};

        const auto record = parse_spf_record(**text);
        if (!record)
            co_return tl::unexpected(stop(SpfResult::permerror, domain, record.error().what));
        for (const auto& directive : record->directives) {
            OrStop<bool> is_match = false;
            bool names_client = names_hosts(directive, query_.ip);
            if (const auto known = match_without_dns(directive)) {
                is_match = *known;
            } else {
                Term term{directive, domain, {}};
                is_match = co_await match(term);
                names_client |= term.names_client;
            }
            if (!is_match)
                co_return tl::unexpected(std::move(is_match.error()));
            if (*is_match) {
                std::string exp(directive.result == SpfResult::fail ? record->exp : "");
                const bool sends_no_mail = directive.result == SpfResult::fail
                    && directive.mechanism == SpfMechanism::all && &directive == &record->directives.front();
                co_return Decision{directive.result, std::string(directive.text), std::move(domain), std::move(exp),
                                   is_fixed && names_client, sends_no_mail};
            }
        }
        if (!record->redirect || never_matches(*record->redirect))
            co_return Decision{SpfResult::neutral, "default", std::move(domain), ""}; // RFC 7208 4.7
        auto target = co_await redirect_target(*record->redirect, domain);
        if (!target)
            co_return tl::unexpected(std::move(target.error()));
        domain = std::move(*target);
        is_fixed &= !uses_any_macro(*record->redirect);
    }
}

// The text of the domain's record; none is no fault here, it depends on who asked.
asio::awaitable<OrStop<std::optional<std::string>>> Evaluation::find_record(const std::string& domain)
{
    std::optional<std::string> text;
    if (!is_spf_domain(domain)) // RFC 7208 4.3
        co_return text;
    auto reply = co_await ask(domain, RrType::txt);
    if (reply.status == DnsStatus::tempfail) // RFC 7208 4.4
        co_return tl::unexpected(stop(SpfResult::temperror, domain, is_late() ? time_is_up : "no answer from the DNS"));
    for (auto& record : reply.records) {
        if (!is_spf_record(record))
            continue;
        if (text) // RFC 7208 4.5
            co_return tl::unexpected(stop(SpfResult::permerror, domain, "more than one SPF record"));
        text = std::move(record);
    }
    co_return text;
}

asio::awaitable<OrStop<std::string>> Evaluation::redirect_target(const MacroString& redirect, const std::string& domain)
{
    if (!count_lookups(&redirect))
        co_return tl::unexpected(stop(SpfResult::permerror, domain, "redirect=: more than 10 terms ask the DNS"));
    std::string validated;
    if (uses_macro(redirect, 'p'))
        validated = co_await validated_name(domain);
    co_return expand_domain_spec(redirect, macro_values(domain, validated));
}

// RFC 7208 6.2: whatever is wrong with it, there is no explanation then, and the result stands.
asio::awaitable<std::string> Evaluation::explain(const Decision& decision)
{
    const auto domain_spec = parse_domain_spec(decision.exp);
    if (!domain_spec || never_matches(*domain_spec))
        co_return "";
    std::string validated;
    if (uses_macro(*domain_spec, 'p'))
        validated = co_await validated_name(decision.domain);
    const auto name = expand_domain_spec(*domain_spec, macro_values(decision.domain, validated));
    const auto reply = co_await ask(name, RrType::txt);
    if (reply.records.size() != 1)
        co_return "";
    const auto explanation = parse_macro_string(reply.records.front(), MacroPlace::explanation);
    if (!explanation)
        co_return "";
    if (uses_macro(*explanation, 'p') && validated.empty())
        validated = co_await validated_name(decision.domain);
    co_return printable(expand(*explanation, macro_values(decision.domain, validated)), max_explanation);
}

std::optional<bool> Evaluation::match_without_dns(const SpfDirective& directive) const
{
    switch (directive.mechanism) {
    case SpfMechanism::all: // RFC 7208 5.1
        return true;
    case SpfMechanism::ip4: // RFC 7208 5.6
    case SpfMechanism::ip6:
        return directive.network.contains(query_.ip)
            && query_.ip.is_v4() == (directive.mechanism == SpfMechanism::ip4);
    case SpfMechanism::include:
    case SpfMechanism::a:
    case SpfMechanism::mx:
    case SpfMechanism::ptr:
    case SpfMechanism::exists:
        return std::nullopt;
    }
    return std::nullopt; // unreachable: -Wswitch names a mechanism without a case
}

asio::awaitable<OrStop<bool>> Evaluation::match(Term& term)
{
    const MacroString* const domain_spec = term.directive.domain_spec ? &*term.directive.domain_spec : nullptr;
    if (!count_lookups(domain_spec))
        co_return tl::unexpected(stop(SpfResult::permerror, term, "more than 10 terms ask the DNS"));
    if (is_late())
        co_return tl::unexpected(stop(SpfResult::temperror, term, time_is_up)); // RFC 7208 4.6.4
    if (!domain_spec) {
        term.target = term.domain;
    } else {
        if (never_matches(*domain_spec))
            co_return false;
        std::string validated;
        if (uses_macro(*domain_spec, 'p'))
            validated = co_await validated_name(term.domain);
        term.target = expand_domain_spec(*domain_spec, macro_values(term.domain, validated));
    }
    switch (term.directive.mechanism) {
    case SpfMechanism::include:
        co_return co_await match_include(term);
    case SpfMechanism::a: // RFC 7208 5.3
        co_return co_await match_addresses(term, term.target);
    case SpfMechanism::mx:
        co_return co_await match_mx(term);
    case SpfMechanism::ptr:
        co_return co_await match_ptr(term);
    case SpfMechanism::exists:
        co_return co_await match_exists(term);
    case SpfMechanism::all:
    case SpfMechanism::ip4:
    case SpfMechanism::ip6:
        break;
    }
    co_return match_without_dns(term.directive).value_or(false);
}

// RFC 7208 5.2, the table. Its exp= is not ours (RFC 7208 6.2).
asio::awaitable<OrStop<bool>> Evaluation::match_include(Term& term)
{
    const auto included = co_await evaluate(term.target);
    if (!included)
        co_return tl::unexpected(included.error());
    if (included->result == SpfResult::none)
        co_return tl::unexpected(stop(SpfResult::permerror, term, "there is no SPF record"));
    term.names_client = included->names_client && !uses_any_macro(*term.directive.domain_spec);
    co_return included->result == SpfResult::pass;
}

// Whether one of the name's addresses is the client's, for "a" and each host of "mx".
asio::awaitable<OrStop<bool>> Evaluation::match_addresses(Term& term, const std::string& name)
{
    const auto reply = co_await ask(name, address_type());
    if (auto stopped = check_reply(reply, name, term))
        co_return tl::unexpected(std::move(*stopped));
    co_return has_client(reply, term.directive.ip4_prefix, term.directive.ip6_prefix);
}

// RFC 7208 5.7: an A question, whatever the client's family
asio::awaitable<OrStop<bool>> Evaluation::match_exists(Term& term)
{
    const auto reply = co_await ask(term.target, RrType::a);
    if (auto stopped = check_reply(reply, term.target, term))
        co_return tl::unexpected(std::move(*stopped));
    co_return reply.status == DnsStatus::found;
}

// RFC 7208 5.4. Which hosts are looked at must not hang on their order: too many are refused beforehand.
asio::awaitable<OrStop<bool>> Evaluation::match_mx(Term& term)
{
    const auto hosts = co_await ask(term.target, RrType::mx);
    if (auto stopped = check_reply(hosts, term.target, term))
        co_return tl::unexpected(std::move(*stopped));
    if (hosts.records.size() > max_mx_names)
        co_return tl::unexpected(stop(SpfResult::permerror, term, "more than 10 MX names"));
    for (const auto& host : hosts.records) {
        if (host.empty()) // RFC 7505: the name takes no mail
            continue;
        auto is_match = co_await match_addresses(term, host);
        if (!is_match || *is_match)
            co_return is_match;
    }
    co_return false;
}

// RFC 7208 5.5. A DNS that fails is no match here: the names are not the sender's.
asio::awaitable<OrStop<bool>> Evaluation::match_ptr(Term& term)
{
    const auto names = co_await ask(query_.ip.reverse_name(), RrType::ptr);
    if (names.status != DnsStatus::tempfail)
        if (auto stopped = check_reply(names, query_.ip.reverse_name(), term))
            co_return tl::unexpected(std::move(*stopped));
    for (std::size_t i = 0; i < std::min(names.records.size(), max_ptr_names); ++i) {
        if (!is_within(names.records[i], term.target))
            continue;
        if (co_await is_validated(names.records[i]))
            co_return true;
    }
    if (is_late())
        co_return tl::unexpected(stop(SpfResult::temperror, term, time_is_up));
    co_return false;
}

// A name that cannot be asked, or not any more, is answered here.
asio::awaitable<DnsReply> Evaluation::ask(const std::string& name, RrType type)
{
    if (!is_askable(without_last_dot(name)))
        co_return DnsReply{DnsStatus::nxdomain, {}, {}};
    if (is_late())
        co_return DnsReply{DnsStatus::tempfail, {}, {}};
    co_return co_await resolver_.lookup(name, type, deadline_);
}

// The client's address is among the name's.
asio::awaitable<bool> Evaluation::is_validated(const std::string& name)
{
    const auto reply = co_await ask(name, address_type());
    co_return has_client(reply, 32, 128);
}

// RFC 7208 7.3: the domain itself if it validates, else a name below it, else any, else "unknown"
asio::awaitable<std::string> Evaluation::validated_name(const std::string& domain)
{
    auto reply = co_await ask(query_.ip.reverse_name(), RrType::ptr);
    auto& names = reply.records;
    names.resize(std::min(names.size(), max_ptr_names));
    const auto rank = [&](const std::string& name) {
        return !is_within(name, domain) ? 2 : is_within(domain, name) ? 0 : 1;
    };
    std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    for (const auto& name : names)
        if (co_await is_validated(name))
            co_return std::string(without_last_dot(name));
    co_return "unknown";
}

// Counts a term that asks the DNS; one that uses p asks for PTR records besides (RFC 7208 4.6.4).
bool Evaluation::count_lookups(const MacroString* domain_spec)
{
    lookups_ += domain_spec && uses_macro(*domain_spec, 'p') ? 2 : 1;
    return lookups_ <= max_lookups;
}

// RFC 8616 4: a local part that is not ASCII cannot be part of a name.
bool Evaluation::never_matches(const MacroString& domain_spec) const
{
    return !is_ascii_ && (uses_macro(domain_spec, 's') || uses_macro(domain_spec, 'l'));
}

bool Evaluation::has_client(const DnsReply& reply, int ip4_prefix, int ip6_prefix) const
{
    return std::any_of(reply.records.begin(), reply.records.end(), [&](const std::string& text) {
        const auto address = parse_ip_address(text);
        return address && IpNetwork{*address, address->is_v4() ? ip4_prefix : ip6_prefix}.contains(query_.ip);
    });
}

// A term's question: no answer is temperror, one answer too many that is empty permerror.
std::optional<Stop> Evaluation::check_reply(const DnsReply& reply, const std::string& name, Term& term)
{
    switch (reply.status) {
    case DnsStatus::found:
        return std::nullopt;
    case DnsStatus::tempfail:
        return stop(SpfResult::temperror, term,
                    is_late() ? std::string(time_is_up) : fmt::format("no answer from the DNS for {}", name));
    case DnsStatus::nodata:
    case DnsStatus::nxdomain:
        break;
    }
    if (std::exchange(term.is_void, true) || ++void_lookups_ <= limits_.void_lookups)
        return std::nullopt;
    return stop(SpfResult::permerror, term, fmt::format("more than {} void lookups", limits_.void_lookups));
}

Stop Evaluation::stop(SpfResult result, const std::string& domain, std::string_view why) const
{
    return {result, domain, printable(fmt::format("{}: {}", domain, why), max_problem)};
}

Stop Evaluation::stop(SpfResult result, const Term& term, std::string_view why) const
{
    return stop(result, term.domain, fmt::format("{}: {}", term.directive.text, why));
}

MacroValues Evaluation::macro_values(const std::string& domain, const std::string& validated) const
{
    return {query_.ip,   query_.local_part, query_.domain,         domain,
            validated,   query_.helo,       query_.receiver,       SystemClock().now()};
}

} // namespace

asio::awaitable<SpfAnswer> check_host(Resolver& resolver, SpfQuery query, SpfLimits limits, Deadline deadline)
{
    Evaluation evaluation(resolver, std::move(query), limits, deadline);
    co_return co_await evaluation.run();
}

} // namespace postern
