#include "milterd/clamav_filter.h"

#include "common/host_name.h"
#include "common/read_file.h"
#include "common/text.h"
#include "milterd/clamav_verdict.h"
#include "milterd/clamd_limits.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace postern {
namespace {

constexpr std::size_t clamd_share = 4; // a quarter of the connections may wait for it
constexpr std::size_t clamd_conf_limit = 1 << 20;

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

FilterVerdict not_scanned_now(std::string status, std::string text, std::string reason)
{
    return {FilterAction::defer, 451, std::move(status), std::move(text), std::move(reason), {}};
}

void log_change(Log& log, const ClamdServer& server, ClamdState from, ClamdState to)
{
    const LogFields fields{{"clamd", server.name()}, {"state", state_name(to)}, {"was", state_name(from)}};
    if (to == ClamdState::ready)
        log.info("clamd", fields);
    else
        log.warning("clamd", fields);
}

std::string_view what_it_means(ClamdState state)
{
    switch (state) {
    case ClamdState::ready:
        return "answers";
    case ClamdState::warming:
        return "has not answered yet";
    case ClamdState::reloading:
        return "takes connections and says nothing";
    case ClamdState::down:
        return "cannot be reached";
    }
    return "";
}

} // namespace

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

    void message_complete(const Message& message) override
    {
        if (spool_.state() == BodySpool::State::whole)
            scan_.emplace(filter_.clamd_, ClamdContent{spool_.descriptor(), spool_.size()},
                          message.is_internal ? ScanPatience::none : ScanPatience::usual);
    }

    FilterVerdict verdict(const Message& message, Findings&, Deadline deadline) override
    {
        switch (spool_.state()) {
        case BodySpool::State::whole:
            return judge(scan_->wait(deadline), message);
        case BodySpool::State::too_large:
            return judge({ScanOutcome::Kind::too_large}, message);
        case BodySpool::State::no_room:
            return not_scanned_now("3.1", "No room to scan the message now, try again later", "spool full");
        case BodySpool::State::broken:
            break;
        }
        return not_scanned_now("3.0", "No means to scan the message now, try again later", "spool broken");
    }

private:
    FilterVerdict judge(const ScanOutcome& outcome, const Message& message) const
    {
        auto verdict = clamav_verdict(outcome, message.origin, filter_.settings_);
        const auto lines = filter_.settings_.log_recipients;
        verdict.log_recipients = lines == RecipientLines::always
            || (lines == RecipientLines::found && outcome.kind == ScanOutcome::Kind::infected);
        filter_.finish(verdict, message, virus_status(outcome, filter_.settings_));
        return verdict;
    }

    ClamavFilter& filter_;
    BodySpool spool_;
    std::optional<ClamdScan> scan_; // uses the spool's descriptor
};

// One that is not scanned.
class ClamavFilter::ExemptPass final : public FilterPass {
public:
    ExemptPass(ClamavFilter& filter, std::string_view reason)
        : filter_(filter)
        , reason_(reason)
    {
    }

    FilterVerdict verdict(const Message& message, Findings&, Deadline) override
    {
        FilterVerdict verdict;
        verdict.reason = reason_;
        filter_.finish(verdict, message, {});
        return verdict;
    }

private:
    ClamavFilter& filter_;
    std::string_view reason_;
};

// The verdict with what it does to the header.
void ClamavFilter::finish(FilterVerdict& verdict, const Message& message, const VirusStatus& status) const
{
    verdict.edits = virus_header_edits(message, status, settings_.header, settings_.hostname);
    if (breaks_signature(message, verdict.edits))
        verdict.reason += ", breaks a signature";
}

Result<std::unique_ptr<ClamavFilter>> ClamavFilter::create(ClamavSettings settings, ClamavParts parts)
{
    ClamdOptions options;
    for (const auto& text : settings.clamd) {
        auto address = parse_socket_address(text);
        if (!address)
            return fail("clamav.clamd: {}", address.error().what);
        options.addresses.push_back(std::move(*address));
    }
    if (options.addresses.empty())
        return fail("clamav.clamd: names no clamd to ask");
    auto exempt = ClamavExemptions::load(settings);
    if (!exempt)
        return tl::unexpected(exempt.error());
    if (settings.hostname.empty())
        settings.hostname = host_name();
    options.wait = settings.wait;
    options.reload_wait = settings.reload_wait;
    options.max_waiting = std::max<std::size_t>(1, parts.max_connections / clamd_share);
    options.servers = std::move(parts.servers);
    options.look_up = std::move(parts.look_up);
    if (parts.log)
        options.on_change = [log = parts.log](const ClamdServer& server, ClamdState from, ClamdState to) {
            log_change(*log, server, from, to);
        };
    if (!parts.budget)
        parts.budget = std::make_shared<SpoolBudget>(static_cast<std::size_t>(settings.max_size));
    return std::unique_ptr<ClamavFilter>(new ClamavFilter(std::move(settings), std::move(*exempt), std::move(options),
                                                          std::move(parts.budget)));
}

ClamavFilter::ClamavFilter(ClamavSettings settings, std::unique_ptr<ClamavExemptions> exempt, ClamdOptions options,
                           std::shared_ptr<SpoolBudget> budget)
    : settings_(std::move(settings))
    , exempt_(std::move(exempt))
    , clamd_(std::move(options))
    , budget_(std::move(budget))
{
}

// That of the best: as long as one is ready, mail is scanned. Those that are not are named.
FunctionState ClamavFilter::state() const
{
    FunctionState state{name(), clamd_.state(), "", ""};
    for (const auto& server : clamd_.servers())
        if (const auto one = server->state(); one != ClamdState::ready)
            state.reason += fmt::format("{}{} {}", state.reason.empty() ? "" : ", ", server->name(), what_it_means(one));
    switch (settings_.failure) {
    case ScanFailureAction::defer:
        state.meanwhile = "defer";
        break;
    case ScanFailureAction::accept:
        state.meanwhile = "accept";
        break;
    case ScanFailureAction::reject:
        state.meanwhile = "reject";
        break;
    case ScanFailureAction::quarantine:
        state.meanwhile = "quarantine";
        break;
    }
    return state;
}

void ClamavFilter::add_facts(Facts& facts) const
{
    for (const auto& server : clamd_.servers())
        postern::add_facts(*server, facts);
    facts.line("clamd_wait").gauge("messages", clamd_.waiting(), "Messages that wait for a clamd that does not answer.");
}

std::unique_ptr<FilterPass> ClamavFilter::begin(const Message& message)
{
    if (const auto reason = exempt_->reason(message); !reason.empty())
        return std::make_unique<ExemptPass>(*this, reason);
    return std::make_unique<Pass>(*this, message);
}

std::vector<std::string> clamav_warnings(const ClamavSettings& settings, const std::string& clamd_conf)
{
    const auto text = read_file(clamd_conf, clamd_conf_limit);
    if (!settings.enable || !text)
        return {};
    const bool is_stream = std::any_of(settings.clamd.begin(), settings.clamd.end(), [](const std::string& clamd) {
        const auto address = parse_socket_address(clamd);
        return address && !address->is_unix();
    });
    return limit_warnings(clamd_limits(*text), static_cast<std::uint64_t>(settings.max_size), is_stream);
}

} // namespace postern
