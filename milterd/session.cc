#include "milterd/session.h"

#include "common/text.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace postern {
namespace {

SessionAnswer answer_of(SessionAnswer::Kind kind, SmtpReply reply = {})
{
    return {kind, std::move(reply)};
}

// Occurrences are counted in the mail as it came. So removals go from the last to the first, each
// once, and before the insertions, or Postfix would count other fields (OpenDKIM issue 185).
std::vector<HeaderEdit> removals_of(const Decision& decision)
{
    std::vector<HeaderEdit> removals;
    std::copy_if(decision.edits.begin(), decision.edits.end(), std::back_inserter(removals),
                 [](const HeaderEdit& edit) { return edit.kind == HeaderEdit::Kind::remove; });
    for (auto& removal : removals)
        removal.name = to_lower(removal.name);
    const auto key = [](const HeaderEdit& edit) { return std::tie(edit.occurrence, edit.name); };
    std::sort(removals.begin(), removals.end(), [&](const auto& a, const auto& b) { return key(b) < key(a); });
    removals.erase(
        std::unique(removals.begin(), removals.end(), [&](const auto& a, const auto& b) { return key(a) == key(b); }),
        removals.end());
    return removals;
}

bool apply(const Decision& decision, MessageEditor& editor)
{
    for (const auto& removal : removals_of(decision))
        if (!editor.remove_header(removal.name, removal.occurrence))
            return false;
    for (const auto& edit : decision.edits)
        if (edit.kind == HeaderEdit::Kind::insert
            && !editor.insert_header(edit.name, harmless_header_value(edit.value)))
            return false;
    if (decision.action != FilterAction::quarantine)
        return true;
    return editor.quarantine(printable(fmt::format("postern {}: {}", decision.filter, decision.reason)));
}

// RFC 6531 3.4
bool has_smtputf8(std::span<const char* const> parameters)
{
    return std::any_of(parameters.begin(), parameters.end(),
                       [](const char* parameter) { return equals_ignoring_case(parameter, "SMTPUTF8"); });
}

// The client that cleanup(8) makes up for mail that no client brought.
bool is_made_up(const ConnectedClient& client)
{
    return client.port == 0 && client.name == "localhost" && client.address
        && *client.address == IpAddress::v4({127, 0, 0, 1});
}

// bounce(8) sends with <>, and to the postmaster as double_bounce_sender.
bool is_postfix(const MailAddress& sender)
{
    return sender.is_null() || equals_ignoring_case(sender.local_part, "double-bounce");
}

} // namespace

std::string harmless_header_value(std::string_view value)
{
    std::string out;
    out.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '\r')
            continue;
        out += value[i] == '\0' ? '?' : value[i];
        if (value[i] == '\n' && (i + 1 == value.size() || (value[i + 1] != ' ' && value[i + 1] != '\t')))
            out += '\t';
    }
    return out;
}

SessionHost::SessionHost(std::shared_ptr<const FilterChain> chain, SessionLimits limits, Log& log)
    : limits_(limits)
    , log_(log)
    , chain_(std::move(chain))
{
}

std::shared_ptr<const FilterChain> SessionHost::chain() const
{
    const std::lock_guard lock(mutex_);
    return chain_;
}

void SessionHost::set_chain(std::shared_ptr<const FilterChain> chain)
{
    const std::lock_guard lock(mutex_);
    chain_.swap(chain); // the old one goes with the parameter, or with the last mail that uses it
}

void SessionHost::stop_taking()
{
    is_stopping_ = true;
}

bool SessionHost::wait_until_busy(Deadline deadline)
{
    std::unique_lock lock(mutex_);
    return busy_changed_.wait_until(lock, deadline, [this] { return busy_ > 0; });
}

bool SessionHost::wait_until_idle(Deadline deadline)
{
    std::unique_lock lock(mutex_);
    return busy_changed_.wait_until(lock, deadline, [this] { return busy_ == 0; });
}

bool SessionHost::is_overrun() const
{
    const std::lock_guard lock(mutex_);
    return counts_.connections >= 2 * limits_.max_connections;
}

bool SessionHost::enter()
{
    ++inside_;
    if (!is_closed_)
        return true;
    leave();
    return false;
}

void SessionHost::leave()
{
    --inside_;
}

bool SessionHost::close(Deadline deadline)
{
    is_closed_ = true;
    while (inside_ > 0) { // seldom, and shortly: no mail is in work when this is called
        if (std::chrono::steady_clock::now() >= deadline)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

void SessionHost::begin_content()
{
    const std::lock_guard lock(mutex_);
    if (++busy_ == 1)
        busy_changed_.notify_all();
}

void SessionHost::end_content()
{
    const std::lock_guard lock(mutex_);
    if (--busy_ == 0)
        busy_changed_.notify_all();
}

SessionCounts SessionHost::counts() const
{
    const std::lock_guard lock(mutex_);
    return counts_;
}

Session::Session(std::shared_ptr<SessionHost> host)
    : host_(std::move(host))
{
    const std::lock_guard lock(host_->mutex_);
    ++host_->counts_.connections;
}

Session::~Session()
{
    abort();
    const std::lock_guard lock(host_->mutex_);
    --host_->counts_.connections;
}

SessionAnswer Session::connect(const ConnectedClient& client)
{
    message_ = {};
    message_.is_internal = is_made_up(client);
    message_.client_name = client.name;
    if (!message_.is_internal)
        message_.client = client.address;
    message_.daemon_name = client.daemon_name;
    is_observed_ = client.is_observed;
    is_refused_ = false;

    bool is_full;
    {
        const std::lock_guard lock(host_->mutex_);
        is_full = host_->counts_.connections > host_->limits_.max_connections;
    }
    if (!message_.is_internal && host_->chain()->origins().ignored.contains(message_.client, message_.client_name)) {
        host_->log_.debug("client_ignored", {{"client_name", message_.client_name}});
        return answer_of(SessionAnswer::Kind::accept);
    }
    return is_full ? refuse_now("max_connections") : host_->is_stopping_ ? refuse_now("stopping") : SessionAnswer{};
}

SessionAnswer Session::refuse_now(const char* why)
{
    if (message_.is_internal)
        return {};
    if (is_observed_) // unseen, and not in the way
        return answer_of(SessionAnswer::Kind::accept);
    if (!is_refused_) {
        const std::lock_guard lock(host_->mutex_);
        ++host_->counts_.refused;
    }
    is_refused_ = true;
    host_->log_.debug("connection_deferred", {{"why", why}, {"client_name", message_.client_name}});
    Decision decision;
    decision.action = FilterAction::defer;
    decision.text = "Service unavailable, try again later";
    return answer_of(SessionAnswer::Kind::defer, smtp_reply(decision));
}

void Session::helo(std::string_view name)
{
    message_.helo = name;
}

SessionAnswer Session::mail(std::string_view sender, std::span<const char* const> parameters, std::string_view login)
{
    abort();
    if (is_refused_ || host_->is_stopping_) {
        if (auto answer = refuse_now("stopping"); answer.kind != SessionAnswer::Kind::proceed)
            return answer;
    }
    is_faulty_ = false;
    message_.queue_id.clear();
    message_.sender = parse_mail_address(sender);
    message_.is_notice = message_.is_internal && is_postfix(message_.sender);
    message_.is_smtputf8 = has_smtputf8(parameters);
    message_.login = login;
    message_.macros.clear();
    message_.recipients.clear();
    message_.recipient_count = 0;
    return {};
}

void Session::macros(std::vector<std::pair<std::string, std::string>> macros)
{
    message_.macros = std::move(macros);
}

void Session::rcpt(std::string_view recipient)
{
    ++message_.recipient_count;
    if (message_.recipients.size() < host_->limits_.recipients_kept)
        message_.recipients.push_back(parse_mail_address(recipient));
}

void Session::header(std::string_view name, std::string_view value)
{
    begin_content();
    header_octets_ += name.size() + value.size() + 3; // the colon, CR LF
    is_header_too_large_ = is_header_too_large_ || header_octets_ > host_->limits_.header_octets
        || message_.header.size() >= host_->limits_.header_fields;
    if (is_header_too_large_)
        message_.header.clear();
    else
        message_.header.push_back({std::string(name), std::string(value)});
}

void Session::end_of_header(std::string_view queue_id)
{
    message_.queue_id = queue_id;
    begin_pass();
}

void Session::body(std::span<const char> chunk)
{
    begin_pass();
    message_.body_size += chunk.size();
    if (pass_)
        pass_->body(chunk);
}

// At the end of the header; a peer that does not tell it has its body judged nevertheless.
void Session::begin_pass()
{
    begin_content();
    if (!pass_ && !is_header_too_large_ && !is_faulty_)
        pass_ = std::make_unique<ChainPass>(host_->chain(), message_, is_observed_);
}

SessionAnswer Session::end_of_message(std::string_view queue_id, MessageEditor& editor)
{
    struct AtEnd {
        Session& session;
        ~AtEnd() { session.end_content(); }
    } const at_end{*this};

    if (message_.queue_id.empty())
        message_.queue_id = queue_id;
    begin_pass();
    if (is_faulty_)
        return fault("an earlier step failed");
    return answer(is_header_too_large_ ? header_too_large() : pass_->finish(), editor);
}

Decision Session::header_too_large()
{
    host_->log_.warning("header_too_large",
                        {{"queue_id", message_.queue_id},
                         {"client", message_.client ? message_.client->text() : std::string()},
                         {"octets", header_octets_}});
    Decision decision;
    decision.action = message_.is_internal ? FilterAction::quarantine : FilterAction::reject;
    decision.code = 552;
    decision.status = "3.4";
    decision.text = "Message header is too large";
    decision.reason = "header too large";
    return decision;
}

SessionAnswer Session::answer(const Decision& decision, MessageEditor& editor)
{
    if (is_observed_) {
        const std::lock_guard lock(host_->mutex_);
        ++host_->counts_.accepted;
        return {};
    }
    if (!apply(decision, editor))
        return fault("an edit did not reach Postfix");
    if (decision.action == FilterAction::defer)
        stays_behind(concat({decision.filter, " ", decision.reason}));

    const std::lock_guard lock(host_->mutex_);
    switch (decision.action) {
    case FilterAction::accept:
        ++host_->counts_.accepted;
        return {};
    case FilterAction::quarantine:
        ++host_->counts_.quarantined;
        return {};
    case FilterAction::defer:
        ++host_->counts_.deferred;
        return answer_of(SessionAnswer::Kind::defer, smtp_reply(decision));
    case FilterAction::discard:
        ++host_->counts_.discarded;
        return answer_of(SessionAnswer::Kind::discard);
    case FilterAction::reject:
        ++host_->counts_.rejected;
        return answer_of(SessionAnswer::Kind::reject, smtp_reply(decision));
    }
    return {};
}

// Nobody's mail program shows an error for mail of sendmail(1): who looks after the host should hear of it.
void Session::stays_behind(std::string_view why)
{
    if (!message_.is_internal)
        return;
    host_->log_.warning("local_mail_deferred",
                        {{"queue_id", message_.queue_id}, {"sender", message_.sender.text()}, {"why", why}});
    const std::lock_guard lock(host_->mutex_);
    ++host_->counts_.local_deferred;
}

void Session::abort()
{
    if (is_busy_) {
        const std::lock_guard lock(host_->mutex_);
        ++host_->counts_.aborted;
    }
    end_content();
}

SessionAnswer Session::fault(std::string_view what)
{
    const bool is_first = !is_faulty_;
    is_faulty_ = true;
    pass_.reset();
    if (is_first) {
        host_->log_.error("milter_fault", {{"queue_id", message_.queue_id}, {"what", what}});
        const std::lock_guard lock(host_->mutex_);
        ++host_->counts_.faults;
    }
    if (message_.is_notice || is_observed_)
        return {};
    if (is_first)
        stays_behind(what);
    Decision decision;
    decision.action = FilterAction::defer;
    decision.status = "3.0";
    decision.text = "Internal fault, try again later";
    return answer_of(SessionAnswer::Kind::defer, smtp_reply(decision));
}

void Session::begin_content()
{
    if (!std::exchange(is_busy_, true))
        host_->begin_content();
}

// Forgets the content; what mail() and rcpt() told is theirs to replace.
void Session::end_content()
{
    pass_.reset();
    message_.header.clear();
    message_.body_size = 0;
    header_octets_ = 0;
    is_header_too_large_ = false;
    if (std::exchange(is_busy_, false))
        host_->end_content();
}

} // namespace postern
