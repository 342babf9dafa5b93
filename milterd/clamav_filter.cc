#include "milterd/clamav_filter.h"

#include "common/text.h"
#include "milterd/clamd_limits.h"

#include <algorithm>
#include <fstream>
#include <optional>

namespace postern {
namespace {

constexpr std::size_t clamd_share = 4; // a quarter of the connections may wait for it

// Without this line clamd takes a mail for plain text unless it happens to begin with one of the header fields that
// it knows, and then finds nothing in its base64 parts: a DKIM-Signature in front is enough.
constexpr std::string_view mbox_line = "From postern\r\n";

// The header as it was on the wire.
std::string header_text(const Message& message)
{
    std::string text(mbox_line);
    for (const auto& field : message.header) {
        text.append(field.name).append(":");
        for (const char c : field.value) {
            if (c == '\n' && text.back() != '\r')
                text += '\r';
            text += c;
        }
        text.append("\r\n");
    }
    return text.append("\r\n");
}

bool is_guess(std::string_view virus)
{
    return virus.starts_with("PUA.") || virus.starts_with("Heuristics.");
}

// [clamav] text: %v is the virus, %% a percent sign.
std::string refusal_text(std::string_view text, std::string_view virus)
{
    std::string filled;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto pair = text.substr(i, 2);
        if (pair == "%v")
            filled += virus;
        else
            filled += text[i];
        if (pair == "%v" || pair == "%%")
            ++i;
    }
    return filled;
}

FilterVerdict accepted(std::string reason)
{
    return {FilterAction::accept, 0, "", "", std::move(reason), {}};
}

FilterVerdict deferred(std::string status, std::string text, std::string reason)
{
    return {FilterAction::defer, 451, std::move(status), std::move(text), std::move(reason), {}};
}

FilterVerdict infected_verdict(const std::string& virus, Origin origin, const ClamavSettings& settings)
{
    FilterVerdict verdict;
    verdict.status = "7.1";
    verdict.text = refusal_text(settings.text, virus);
    verdict.reason = "infected " + virus;
    verdict.edits = {{HeaderEdit::Kind::insert, "X-Virus-Status", "Infected (" + virus + ")", 0}};
    if (is_guess(virus)) {
        verdict.reason = "suspicious " + virus;
        return verdict;
    }
    switch (settings.infected) {
    case InfectedAction::accept:
        break;
    case InfectedAction::quarantine:
        verdict.action = FilterAction::quarantine;
        break;
    case InfectedAction::defer:
        verdict.action = FilterAction::defer;
        verdict.code = 451;
        break;
    case InfectedAction::discard:
        verdict.action = FilterAction::discard;
        break;
    case InfectedAction::reject:
        verdict.action = origin == Origin::relay ? FilterAction::quarantine : FilterAction::reject;
        verdict.code = verdict.action == FilterAction::reject ? 550 : 0;
        break;
    }
    return verdict;
}

FilterVerdict too_large_verdict(const ClamavSettings& settings)
{
    FilterVerdict verdict{FilterAction::accept, 0, "", "Message too large to be scanned", "too large", {}};
    switch (settings.oversize) {
    case OversizeAction::accept:
        break;
    case OversizeAction::defer:
        verdict.action = FilterAction::defer;
        verdict.code = 451;
        verdict.status = "7.1";
        break;
    case OversizeAction::reject:
        verdict.action = FilterAction::reject;
        verdict.code = 552;
        verdict.status = "3.4";
        break;
    case OversizeAction::quarantine:
        verdict.action = FilterAction::quarantine;
        break;
    }
    return verdict;
}

} // namespace

FilterVerdict clamav_verdict(const ScanOutcome& outcome, Origin origin, const ClamavSettings& settings)
{
    switch (outcome.kind) {
    case ScanOutcome::Kind::clean:
        return accepted("clean");
    case ScanOutcome::Kind::infected:
        return infected_verdict(outcome.text, origin, settings);
    case ScanOutcome::Kind::too_large:
        return too_large_verdict(settings);
    case ScanOutcome::Kind::failed:
        break;
    }
    switch (settings.failure) {
    case ScanFailureAction::accept:
        return accepted(outcome.text);
    case ScanFailureAction::defer:
        break;
    }
    return deferred("7.1", "The message cannot be scanned for viruses now, try again later", outcome.text);
}

// One mail: spooled, handed over, judged.
class ClamavFilter::Pass final : public FilterPass {
public:
    Pass(ClamavFilter& filter, const Message& message)
        : filter_(filter)
        , spool_(filter.budget_, static_cast<std::size_t>(filter.settings_.max_size), message.queue_id)
    {
    }

    void header_complete(const Message& message) override { spool_.write(header_text(message)); }

    void body(std::span<const char> chunk) override { spool_.write({chunk.data(), chunk.size()}); }

    void message_complete(const Message&) override
    {
        if (spool_.state() == BodySpool::State::whole)
            scan_.emplace(filter_.clamd_, ClamdContent{spool_.descriptor(), spool_.size()});
    }

    FilterVerdict verdict(const Message& message, Findings&, Deadline deadline) override
    {
        switch (spool_.state()) {
        case BodySpool::State::whole:
            return clamav_verdict(scan_->wait(deadline), message.origin, filter_.settings_);
        case BodySpool::State::too_large:
            return too_large_verdict(filter_.settings_);
        case BodySpool::State::no_room:
            return deferred("3.1", "No room to scan the message now, try again later", "spool full");
        case BodySpool::State::broken:
            break;
        }
        return deferred("3.0", "No means to scan the message now, try again later", "spool broken");
    }

private:
    ClamavFilter& filter_;
    BodySpool spool_;
    std::optional<ClamdScan> scan_; // uses the spool's descriptor
};

Result<std::unique_ptr<ClamavFilter>> ClamavFilter::create(ClamavSettings settings, std::size_t max_connections,
                                                           std::shared_ptr<SpoolBudget> budget)
{
    auto address = parse_socket_address(settings.clamd);
    if (!address)
        return fail("clamav.clamd: {}", address.error().what);
    ClamdOptions options;
    options.address = std::move(*address);
    options.wait = settings.wait;
    options.reload_wait = settings.reload_wait;
    options.max_waiting = std::max<std::size_t>(1, max_connections / clamd_share);
    return std::unique_ptr<ClamavFilter>(new ClamavFilter(std::move(settings), std::move(options), std::move(budget)));
}

ClamavFilter::ClamavFilter(ClamavSettings settings, ClamdOptions options, std::shared_ptr<SpoolBudget> budget)
    : settings_(std::move(settings))
    , clamd_(std::move(options))
    , budget_(std::move(budget))
{
}

FunctionState ClamavFilter::state() const
{
    const std::string_view meanwhile = settings_.failure == ScanFailureAction::accept ? "accept" : "defer";
    switch (clamd_.state()) {
    case ClamdState::ready:
        return {name()};
    case ClamdState::silent:
        return {name(), FunctionState::Kind::reloading, "clamd takes connections and says nothing", meanwhile};
    case ClamdState::absent:
        return {name(), FunctionState::Kind::down, "nobody listens at " + settings_.clamd, meanwhile};
    }
    return {name()}; // unreachable: -Wswitch names a state without a case
}

std::unique_ptr<FilterPass> ClamavFilter::begin(const Message& message)
{
    return std::make_unique<Pass>(*this, message);
}

std::vector<std::string> clamav_warnings(const ClamavSettings& settings, const std::string& clamd_conf)
{
    std::ifstream file(clamd_conf);
    const auto address = parse_socket_address(settings.clamd);
    if (!settings.enable || !file || !address)
        return {};
    std::string text;
    std::getline(file, text, '\0'); // all of it
    return limit_warnings(clamd_limits(text), static_cast<std::uint64_t>(settings.max_size), !address->is_unix());
}

} // namespace postern
