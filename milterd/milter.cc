#include "milterd/milter.h"

#include "common/text.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <thread>
#include <unistd.h>
#include <utility>

// libmilter's signal thread waits in sigwait(3) for SIGHUP, SIGTERM and SIGINT and then stops the
// listener. Those signals are the service's: this definition precedes the C library's, and keeps that
// thread, in which they are blocked, waiting for ever.
extern "C" int sigwait(const sigset_t*, int*)
{
    for (;;)
        ::pause();
}

namespace postern {
namespace {

constexpr unsigned long wanted_actions = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE;

// No step of ours skips anything (SMFIS_SKIP): the scanner needs the whole body. What cannot be
// refused half-way needs no answer, which saves a round trip for each recipient, field and chunk.
constexpr unsigned long silent_steps = SMFIP_NR_HELO | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;

// Postfix's header_size_limit is 102400, above libmilter's own limit of 65535.
constexpr std::size_t packet_limit = 256 * 1024;

constexpr auto nudge_interval_busy = std::chrono::milliseconds(100);
constexpr auto nudge_interval_idle = std::chrono::milliseconds(1000);
constexpr int nudges_at_once = 4; // each frees one connection that waits behind another

std::shared_ptr<SessionHost>& the_host()
{
    static auto* host = new std::shared_ptr<SessionHost>; // never freed: libmilter's threads outlive main()
    return *host;
}

Session* session_of(SMFICTX* context)
{
    return static_cast<Session*>(smfi_getpriv(context));
}

Session& open_session(SMFICTX* context)
{
    if (auto* session = session_of(context))
        return *session;
    auto session = std::make_unique<Session>(the_host());
    smfi_setpriv(context, session.get());
    return *session.release();
}

void close_session(SMFICTX* context)
{
    const std::unique_ptr<Session> session(session_of(context));
    smfi_setpriv(context, nullptr);
}

std::string_view macro(SMFICTX* context, const char* name)
{
    const char* value = smfi_getsymval(context, const_cast<char*>(name));
    return value ? value : "";
}

// Sent where main.cf has milter_macro_defaults = {postern}=observe.
constexpr auto observe_macro = "{postern}";

bool is_observed(SMFICTX* context)
{
    return macro(context, observe_macro) == "observe";
}

// Those by which mail can be ours. Empty is the same as not there.
std::vector<std::pair<std::string, std::string>> macros_of_origin(SMFICTX* context)
{
    std::vector<std::pair<std::string, std::string>> macros;
    const auto chain = the_host()->chain();
    if (!chain)
        return macros; // we stop
    for (const auto& rule : chain->origins().macros)
        if (const auto value = macro(context, rule.name.c_str()); !value.empty())
            macros.emplace_back(rule.name, value);
    return macros;
}

// In an smfi_setreply text a '%' is written twice.
std::string with_doubled_percent(std::string_view text)
{
    std::string out;
    for (const char c : text)
        out.append(c == '%' ? 2 : 1, c);
    return out;
}

sfsistat status_of(SMFICTX* context, SessionAnswer answer)
{
    if (!answer.reply.code.empty()) {
        auto text = with_doubled_percent(answer.reply.text);
        // If libmilter did not take it, the answer goes out with a text of Postfix's.
        (void)smfi_setreply(context, answer.reply.code.data(), answer.reply.status.data(), text.data());
    }
    switch (answer.kind) {
    case SessionAnswer::Kind::proceed:
        return SMFIS_CONTINUE;
    case SessionAnswer::Kind::accept:
        return SMFIS_ACCEPT;
    case SessionAnswer::Kind::defer:
        return SMFIS_TEMPFAIL;
    case SessionAnswer::Kind::reject:
        return SMFIS_REJECT;
    case SessionAnswer::Kind::discard:
        return SMFIS_DISCARD;
    }
    return SMFIS_TEMPFAIL;
}

// Passes the gate, or does not.
class Entry {
public:
    Entry()
        : is_inside_(the_host()->enter())
    {
    }
    ~Entry()
    {
        if (is_inside_)
            the_host()->leave();
    }
    Entry(const Entry&) = delete;

    explicit operator bool() const { return is_inside_; }

private:
    bool is_inside_;
};

// No exception may reach libmilter, which is C.
template <class Step>
sfsistat answered(SMFICTX* context, Step step) noexcept
{
    const Entry entry;
    auto* session = session_of(context);
    if (!entry || !session)
        return is_observed(context) ? SMFIS_ACCEPT : SMFIS_TEMPFAIL;
    try {
        return status_of(context, step(*session));
    } catch (const std::exception& error) {
        return status_of(context, session->fault(error.what()));
    } catch (...) {
        return status_of(context, session->fault("unknown exception"));
    }
}

template <class Step>
sfsistat silent(SMFICTX* context, Step step) noexcept
{
    (void)answered(context, [&](Session& session) {
        step(session);
        return SessionAnswer{};
    });
    return SMFIS_NOREPLY;
}

std::string macros_of_sender() noexcept
{
    const auto chain = the_host()->chain();
    std::string names = "{auth_authen}";
    if (!chain)
        return names; // we stop, and whoever connects now is put off
    for (const auto& rule : chain->origins().macros)
        names += " " + rule.name;
    return names;
}

// ---- callbacks, in the order of the protocol ----

sfsistat negotiate(SMFICTX* context, unsigned long actions, unsigned long steps, unsigned long, unsigned long,
                   unsigned long* my_actions, unsigned long* my_steps, unsigned long* unused_1,
                   unsigned long* unused_2) noexcept
{
    *unused_1 = *unused_2 = 0;
    if ((actions & wanted_actions) != wanted_actions || !(steps & SMFIP_HDR_LEADSPC) || the_host()->is_overrun())
        return SMFIS_REJECT; // libmilter closes the connection, and says so in syslog
    try {
        open_session(context);
    } catch (const std::exception&) { // no memory for it
        return SMFIS_REJECT;
    }
    *my_actions = wanted_actions;
    *my_steps = SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_HDR_LEADSPC | silent_steps;
    if (actions & SMFIF_SETSYMLIST) { // whatever milter_..._macros of main.cf say
        *my_actions |= SMFIF_SETSYMLIST;
        const auto of_sender = macros_of_sender();
        const auto of_client = concat({"{daemon_name} ", observe_macro});
        const std::pair<int, const char*> macros[] = {{SMFIM_CONNECT, of_client.c_str()},
                                                      {SMFIM_ENVFROM, of_sender.c_str()},
                                                      {SMFIM_EOH, "i"},
                                                      {SMFIM_EOM, "i"}};
        for (const auto& [where, names] : macros)
            smfi_setsymlist(context, where, const_cast<char*>(names)); // which copies them
    }
    return SMFIS_CONTINUE;
}

ConnectedClient client_of(const char* name, const sockaddr* address)
{
    ConnectedClient client{name ? name : "", {}, 0, {}};
    if (address && address->sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, address, sizeof in);
        std::array<std::uint8_t, 4> octets{};
        std::memcpy(octets.data(), &in.sin_addr, octets.size());
        client.address = IpAddress::v4(octets);
        client.port = ntohs(in.sin_port);
    } else if (address && address->sa_family == AF_INET6) {
        sockaddr_in6 in6{};
        std::memcpy(&in6, address, sizeof in6);
        std::array<std::uint8_t, 16> octets{};
        std::memcpy(octets.data(), &in6.sin6_addr, octets.size());
        client.address = IpAddress::v6(octets);
        client.port = ntohs(in6.sin6_port);
    }
    return client;
}

sfsistat connected(SMFICTX* context, char* name, sockaddr* address) noexcept
{
    try {
        open_session(context); // there is one, but of a new client on an old connection (SMFIC_QUIT_NC)
    } catch (const std::exception&) {
        return is_observed(context) ? SMFIS_ACCEPT : SMFIS_TEMPFAIL;
    }
    return answered(context, [&](Session& session) {
        auto client = client_of(name, address);
        client.daemon_name = macro(context, "{daemon_name}");
        client.is_observed = is_observed(context);
        return session.connect(client);
    });
}

sfsistat helo(SMFICTX* context, char* name) noexcept
{
    return silent(context, [&](Session& session) { session.helo(name ? name : ""); });
}

sfsistat mail(SMFICTX* context, char** arguments) noexcept
{
    std::size_t count = 1;
    while (arguments[count])
        ++count;
    return answered(context, [&](Session& session) {
        const auto answer = session.mail(arguments[0], {arguments + 1, count - 1}, macro(context, "{auth_authen}"));
        session.macros(macros_of_origin(context));
        return answer;
    });
}

sfsistat rcpt(SMFICTX* context, char** arguments) noexcept
{
    return silent(context, [&](Session& session) { session.rcpt(arguments[0]); });
}

sfsistat header(SMFICTX* context, char* name, char* value) noexcept
{
    return silent(context, [&](Session& session) { session.header(name, value); });
}

sfsistat end_of_header(SMFICTX* context) noexcept
{
    return silent(context, [&](Session& session) { session.end_of_header(macro(context, "i")); });
}

sfsistat body(SMFICTX* context, unsigned char* chunk, std::size_t size) noexcept
{
    return silent(context, [&](Session& session) { session.body({reinterpret_cast<const char*>(chunk), size}); });
}

class SmfiEditor final : public MessageEditor {
public:
    explicit SmfiEditor(SMFICTX* context)
        : context_(context)
    {
    }

    bool remove_header(const std::string& name, std::size_t occurrence) override
    {
        return smfi_chgheader(context_, text(name), static_cast<int>(occurrence), nullptr) == MI_SUCCESS;
    }

    bool insert_header(const std::string& name, const std::string& value) override
    {
        // With SMFIP_HDR_LEADSPC Postfix adds no blank of its own. Index 0 is above its Received field.
        return smfi_insheader(context_, 0, text(name), text(" " + value)) == MI_SUCCESS;
    }

    bool quarantine(const std::string& reason) override
    {
        return smfi_quarantine(context_, text(reason)) == MI_SUCCESS;
    }

private:
    static char* text(const std::string& s) { return const_cast<char*>(s.c_str()); } // libmilter does not write there

    SMFICTX* context_;
};

sfsistat end_of_message(SMFICTX* context) noexcept
{
    return answered(context, [&](Session& session) {
        SmfiEditor editor(context);
        return session.end_of_message(macro(context, "i"), editor);
    });
}

sfsistat aborted(SMFICTX* context) noexcept
{
    const Entry entry;
    auto* session = session_of(context);
    if (entry && session)
        session->abort();
    return SMFIS_CONTINUE;
}

sfsistat closed(SMFICTX* context) noexcept
{
    const Entry entry;
    if (entry)
        close_session(context);
    else
        smfi_setpriv(context, nullptr); // the process ends; what the session's filters stand on may have gone
    return SMFIS_CONTINUE;
}

smfiDesc description()
{
    smfiDesc milter{};
    milter.xxfi_name = const_cast<char*>("postern-milterd");
    milter.xxfi_version = SMFI_VERSION;
    milter.xxfi_flags = wanted_actions;
    milter.xxfi_negotiate = negotiate;
    milter.xxfi_connect = connected;
    milter.xxfi_helo = helo;
    milter.xxfi_envfrom = mail;
    milter.xxfi_envrcpt = rcpt;
    milter.xxfi_header = header;
    milter.xxfi_eoh = end_of_header;
    milter.xxfi_body = body;
    milter.xxfi_eom = end_of_message;
    milter.xxfi_abort = aborted;
    milter.xxfi_close = closed;
    return milter;
}

// Opens and closes connections to our own listener: libmilter starts a worker for each, if none is idle,
// which then looks for connections that are ready and have been forgotten.
void nudge(sockaddr_storage address, socklen_t size, const std::shared_ptr<SessionHost>& host)
{
    for (;;) {
        host->wait_until_busy(std::chrono::steady_clock::now() + nudge_interval_idle);
        std::this_thread::sleep_for(nudge_interval_busy);
        for (int i = 0; i < nudges_at_once; ++i) {
            const FileDescriptor connection(::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            if (connection)
                (void)::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), size);
        }
    }
}

} // namespace

Result<> run_milter(FileDescriptor listener, std::shared_ptr<SessionHost> host)
{
    if (the_host())
        return fail("libmilter can be run once a process");
    the_host() = host;

    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return fail("milter socket: {}", std::strerror(errno));

    auto connection = fmt::format("fd:{}", listener.release()); // Debian's libmilter; closed by it
    smfi_setmaxdatasize(packet_limit);
    if (smfi_setconn(connection.data()) != MI_SUCCESS || smfi_register(description()) != MI_SUCCESS
        || smfi_opensocket(false) != MI_SUCCESS)
        return fail("libmilter does not take the socket: its reason is in syslog");

    ::openlog("postern-milterd", LOG_PID, LOG_MAIL); // for what libmilter has to say
    std::thread(nudge, address, size, host).detach();
    if (smfi_main() != MI_SUCCESS)
        return fail("libmilter failed: its reason is in syslog");
    return fail("libmilter stopped");
}

} // namespace postern
