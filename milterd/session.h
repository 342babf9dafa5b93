// session - one connection of Postfix, and the mails that come on it
//
// Turns the steps of the milter protocol into a Message and its pass through
// the chain, and the decision into a reply and edits. Knows nothing of
// libmilter: milter.cc does, and calls one method at a time.
//
// Internal mail (sendmail(1), bounces) is told by the client that Postfix's
// cleanup(8) makes up for it: localhost, 127.0.0.1, port 0. No TCP client has
// port 0.
//
// A client that is observed (main.cf says so: postern enable --observe) has its
// mail judged and recorded like any other's; the answer is to accept it as it
// is, whatever the verdict and whatever goes wrong here.
//
// Failure: a session above `max_connections` and any new mail of a daemon
// that is about to stop are deferred, internal mail excepted; at twice
// `max_connections` a connection is closed at once. An edit that
// does not reach Postfix defers the mail. A header beyond all measure is
// refused whole (552 5.3.4): a part of it would be signed or verified wrongly.
// Log: event=header_too_large; event=local_mail_deferred, for it stays in the
// maildrop queue until pickup(8) tries again; the chain logs the messages.
#pragma once

#include "milterd/filter_chain.h"
#include "milterd/smtp_reply.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace postern {

struct SessionLimits {
    std::size_t max_connections = 1000;
    std::size_t header_octets = 1024 * 1024;
    std::size_t header_fields = 10'000;
    std::size_t recipients_kept = 1000; // Postfix's own limit for one mail, smtpd_recipient_limit
};

struct SessionCounts {
    std::uint64_t connections = 0; // now
    std::uint64_t refused = 0; // connections above the limit, or while stopping
    std::uint64_t accepted = 0, quarantined = 0, deferred = 0, discarded = 0, rejected = 0; // messages
    std::uint64_t local_deferred = 0; // of them of sendmail(1): they stay in the maildrop queue
    std::uint64_t aborted = 0; // messages that Postfix took back
    std::uint64_t faults = 0; // exceptions of ours
};

// What the sessions share. Every method may be called from any thread.
class SessionHost {
public:
    SessionHost(std::shared_ptr<const FilterChain> chain, SessionLimits limits, Log& log);

    std::shared_ptr<const FilterChain> chain() const;
    void set_chain(std::shared_ptr<const FilterChain> chain); // for the mails whose header ends from now on

    void stop_taking(); // no new mail from now on

    // Busy: a mail is between its first header field and its decision.
    bool wait_until_busy(Deadline deadline); // false: the deadline came first
    bool wait_until_idle(Deadline deadline);

    SessionCounts counts() const;

    // So far above max_connections that not even a refusal can be afforded: descriptors would run out.
    bool is_overrun() const;

    // The gate of the callbacks. After close() has returned true nobody is inside, nobody will
    // enter, and what the filters stand on may go.
    bool enter();
    void leave();
    bool close(Deadline deadline);

private:
    friend class Session;

    const SessionLimits limits_;
    Log& log_;

    void begin_content();
    void end_content();

    mutable std::mutex mutex_;
    std::condition_variable busy_changed_;
    std::shared_ptr<const FilterChain> chain_;
    SessionCounts counts_;
    std::size_t busy_ = 0;
    std::atomic<bool> is_stopping_ = false;
    std::atomic<bool> is_closed_ = false;
    std::atomic<std::size_t> inside_ = 0;
};

struct ConnectedClient {
    std::string_view name; // "unknown" where it could not be verified
    std::optional<IpAddress> address; // none: not an Internet address
    std::uint16_t port = 0;
    std::string_view daemon_name; // {daemon_name}
    bool is_observed = false;     // Postfix wants to know what would be said, and to hear that all is well
};

// What a step answers; `reply` with defer and reject only.
struct SessionAnswer {
    enum class Kind { proceed, accept, defer, reject, discard } kind = Kind::proceed; // accept: see no more of it
    SmtpReply reply{};
};

// Changes to the mail, at its end. False: Postfix cannot be told.
class MessageEditor {
public:
    virtual ~MessageEditor() = default;
    virtual bool remove_header(const std::string& name, std::size_t occurrence) = 0;
    virtual bool insert_header(const std::string& name, const std::string& value) = 0; // at the top
    virtual bool quarantine(const std::string& reason) = 0;
};

class Session {
public:
    explicit Session(std::shared_ptr<SessionHost> host);
    ~Session();

    SessionAnswer connect(const ConnectedClient& client);
    void helo(std::string_view name);
    SessionAnswer mail(std::string_view sender, std::span<const char* const> parameters, std::string_view login);
    void macros(std::vector<std::pair<std::string, std::string>> macros); // after mail(), those of OriginRules
    void rcpt(std::string_view recipient);
    void header(std::string_view name, std::string_view value);
    void end_of_header(std::string_view queue_id);
    void body(std::span<const char> chunk);
    SessionAnswer end_of_message(std::string_view queue_id, MessageEditor& editor);
    bool is_observed() const { return is_observed_; }
    void abort(); // of the mail, not the connection; harmless without a mail

    // After an exception left one of the above: the answer to it, and to the rest of the mail.
    SessionAnswer fault(std::string_view what);

private:
    SessionAnswer refuse_now(const char* why);
    void stays_behind(std::string_view why);
    SessionAnswer answer(const Decision& decision, MessageEditor& editor);
    Decision header_too_large();
    void begin_pass();
    void begin_content();
    void end_content();

    std::shared_ptr<SessionHost> host_;
    Message message_; // the connection's part stays, the rest is of one mail
    std::size_t header_octets_ = 0;
    bool is_header_too_large_ = false;
    bool is_busy_ = false;
    bool is_faulty_ = false;
    bool is_refused_ = false;
    bool is_observed_ = false;
    std::unique_ptr<ChainPass> pass_;
};

// A header value as it may go to Postfix: no CR, no NUL, and no line end that would end the field.
std::string harmless_header_value(std::string_view value);

} // namespace postern
