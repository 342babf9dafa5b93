#include "common/ldap/ldap_connection.h"

#include "common/text.h"

#include <algorithm>
#include <fcntl.h>
#include <ldap.h>
#include <map>
#include <openldap.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace postern {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* system_ca = "/etc/ssl/certs/ca-certificates.crt"; // of ca-certificates
constexpr ber_len_t largest_message = 1 << 20; // nothing we ask for comes near it
constexpr std::size_t most_references = 20;    // of one answer; more are not looked at
constexpr std::size_t longest_text = 300;      // of a server's words

struct FreeMessage {
    void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, FreeMessage>;

timeval to_timeval(milliseconds time)
{
    return {time.count() / 1000, static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

std::string taken(char* text) // and freed
{
    std::string result = text ? printable(text, longest_text) : "";
    ldap_memfree(text);
    return result;
}

int scope_of(LdapScope scope)
{
    switch (scope) {
    case LdapScope::sub:
        return LDAP_SCOPE_SUBTREE;
    case LdapScope::one:
        return LDAP_SCOPE_ONELEVEL;
    case LdapScope::base:
        return LDAP_SCOPE_BASE;
    }
    return LDAP_SCOPE_SUBTREE; // unreachable: -Wswitch names a scope without a case
}

void set_blocking(int fd, bool blocking)
{
    const int flags = ::fcntl(fd, F_GETFL);
    ::fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

// The handle of libldap and what has arrived of answers.
class Session final : public LdapConnection {
public:
    explicit Session(const LdapOptions& options)
        : options_(options)
    {
    }
    ~Session() override
    {
        if (ld_)
            ldap_unbind_ext(ld_, nullptr, nullptr); // closes the socket too
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Result<> open(const LdapUrl& url, LdapStop& stop)
    {
        auto socket = connect_ldap_socket(url, options_.connect_timeout, stop);
        if (!socket)
            return tl::unexpected(socket.error());
        const int proto = url.scheme == LdapScheme::ldapi ? LDAP_PROTO_IPC : LDAP_PROTO_TCP;
        if (const int code = ldap_init_fd(socket->get(), proto, url.text().c_str(), &ld_); code != LDAP_SUCCESS)
            return fail("libldap: {}", ldap_err2string(code));
        descriptor_ = socket->release();
        if (const auto set = set_options(); !set)
            return set;
        const bool wants_tls = url.scheme == LdapScheme::ldaps || options_.start_tls;
        if (const auto encrypted = wants_tls ? start_tls(url, stop) : Result<>{}; !encrypted)
            return encrypted;
        set_blocking(descriptor_, false);
        return bind(stop);
    }

    int descriptor() const override { return descriptor_; }

    Result<int> send(const LdapSearch& search) override
    {
        char no_attributes[] = LDAP_NO_ATTRS;
        char* attributes[] = {no_attributes, nullptr};
        auto limit = to_timeval(std::chrono::ceil<std::chrono::seconds>(options_.timeout)); // the server's, whole seconds
        int number = 0;
        const int code = ldap_search_ext(ld_, search.base.c_str(), scope_of(search.scope), search.filter.c_str(),
                                         attributes, 1, nullptr, nullptr, &limit, 1, &number);
        if (code != LDAP_SUCCESS)
            return problem("search", code);
        replies_.emplace(number, LdapReply{});
        return number;
    }

    Result<std::optional<Arrival>> receive() override
    {
        for (;;) {
            auto message = next_message();
            if (!message)
                return tl::unexpected(message.error());
            if (!*message)
                return std::nullopt;
            if (auto arrival = take(message->get()))
                return arrival;
        }
    }

private:
    tl::unexpected<Error> problem(std::string_view step, int code) const
    {
        char* text = nullptr;
        ldap_get_option(ld_, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
        auto diagnostic = taken(text);
        if (diagnostic == "(unknown error code)") // libldap's word for an error of GnuTLS that it does not know
            diagnostic.clear();
        return fail("{}: {}{}{}", step, ldap_err2string(code), diagnostic.empty() ? "" : ": ", diagnostic);
    }

    int last_error() const
    {
        int code = LDAP_OTHER;
        ldap_get_option(ld_, LDAP_OPT_RESULT_CODE, &code);
        return code;
    }

    Result<> set_options()
    {
        const int version = LDAP_VERSION3;
        const auto timeout = to_timeval(options_.timeout);
        ldap_set_option(ld_, LDAP_OPT_PROTOCOL_VERSION, &version);
        ldap_set_option(ld_, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
        ldap_set_option(ld_, LDAP_OPT_RESTART, LDAP_OPT_ON);
        ldap_set_option(ld_, LDAP_OPT_DEREF, &options_.dereference);
        ldap_set_option(ld_, LDAP_OPT_NETWORK_TIMEOUT, &timeout); // of the TLS handshake
        ldap_set_option(ld_, LDAP_OPT_TIMEOUT, &timeout);
        Sockbuf* buffer = nullptr;
        auto largest = largest_message;
        if (ldap_get_option(ld_, LDAP_OPT_SOCKBUF, &buffer) == LDAP_OPT_SUCCESS && buffer)
            ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &largest);
        return {};
    }

    // All of it, each time: a handle begins with what the system's ldap.conf says.
    Result<> set_tls_options()
    {
        const bool wants_system_ca = options_.verify && options_.ca.empty() && options_.ca_folder.empty();
        const std::string ca = wants_system_ca ? system_ca : options_.ca;
        const std::pair<int, const std::string&> files[] = {{LDAP_OPT_X_TLS_CACERTFILE, ca},
                                                            {LDAP_OPT_X_TLS_CACERTDIR, options_.ca_folder},
                                                            {LDAP_OPT_X_TLS_CERTFILE, options_.certificate},
                                                            {LDAP_OPT_X_TLS_KEYFILE, options_.key}};
        for (const auto& [option, path] : files) {
            if (!path.empty() && ::access(path.c_str(), R_OK) != 0)
                return fail("TLS: {} cannot be read", path);
            ldap_set_option(ld_, option, path.empty() ? nullptr : path.c_str());
        }
        if (!options_.ciphers.empty()
            && ldap_set_option(ld_, LDAP_OPT_X_TLS_CIPHER_SUITE, options_.ciphers.c_str()) != LDAP_OPT_SUCCESS)
            return fail("TLS: the list of ciphers is not understood");
        const int verify = options_.verify ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER;
        const int minimum = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
        const int is_server = 0;
        ldap_set_option(ld_, LDAP_OPT_X_TLS_REQUIRE_CERT, &verify);
        ldap_set_option(ld_, LDAP_OPT_X_TLS_PROTOCOL_MIN, &minimum);
        if (ldap_set_option(ld_, LDAP_OPT_X_TLS_NEWCTX, &is_server) != LDAP_OPT_SUCCESS)
            return fail("TLS: a file of authorities, certificate or key is not what it should be");
        return {};
    }

    Result<> start_tls(const LdapUrl& url, LdapStop& stop)
    {
        if (const auto set = set_tls_options(); !set)
            return set;
        if (url.scheme != LdapScheme::ldaps) {
            int number = 0;
            if (const int code = ldap_start_tls(ld_, nullptr, nullptr, &number); code != LDAP_SUCCESS)
                return problem("STARTTLS", code);
            if (const auto agreed = wait_for_result("STARTTLS", number, stop); !agreed)
                return agreed;
        }
        set_blocking(descriptor_, true); // libldap bounds the handshake by the network timeout
        const LdapStop::Guard guard(stop, descriptor_);
        const int code = ldap_install_tls(ld_);
        if (code != LDAP_SUCCESS && options_.verify)
            return fail("{}; is the certificate for {}, and its authority known?", problem("TLS", code).value().what,
                        url.host);
        return code == LDAP_SUCCESS ? Result<>{} : problem("TLS", code);
    }

    Result<> bind(const LdapStop& stop)
    {
        if (options_.bind_dn.empty())
            return {}; // anonymous
        if (options_.bind_password.empty())
            return fail("bind: there is a name and no password");
        berval password{options_.bind_password.size(), const_cast<char*>(options_.bind_password.c_str())};
        int number = 0;
        const int code =
            ldap_sasl_bind(ld_, options_.bind_dn.c_str(), LDAP_SASL_SIMPLE, &password, nullptr, nullptr, &number);
        return code == LDAP_SUCCESS ? wait_for_result("bind", number, stop) : problem("bind", code);
    }

    // Of a step of opening; nothing else is under way.
    Result<> wait_for_result(std::string_view step, int number, const LdapStop& stop)
    {
        const auto deadline = steady_clock::now() + options_.timeout;
        for (;;) {
            auto message = next_message();
            if (!message)
                return fail("{}: {}", step, message.error().what);
            if (*message && ldap_msgid(message->get()) == number)
                return result_of(step, std::move(*message));
            if (*message)
                continue;
            switch (wait_for(descriptor_, POLLIN, stop, deadline)) {
            case Waited::ready:
                break;
            case Waited::late:
                return fail("{}: no answer within {} ms", step, options_.timeout.count());
            case Waited::stopped:
                return fail("stopped");
            }
        }
    }

    Result<> result_of(std::string_view step, Message message)
    {
        int code = LDAP_OTHER;
        char* diagnostic = nullptr;
        if (ldap_parse_result(ld_, message.get(), &code, nullptr, &diagnostic, nullptr, nullptr, 0) != LDAP_SUCCESS)
            return problem(step, last_error());
        const auto text = taken(diagnostic);
        if (code != LDAP_SUCCESS)
            return fail("{}: {}{}{}", step, ldap_err2string(code), text.empty() ? "" : ": ", text);
        return {};
    }

    // The next protocol message that is there; nothing: none.
    Result<Message> next_message()
    {
        timeval at_once{};
        LDAPMessage* message = nullptr;
        const int type = ldap_result(ld_, LDAP_RES_ANY, LDAP_MSG_ONE, &at_once, &message);
        if (type < 0)
            return fail("the connection is lost: {}", ldap_err2string(last_error()));
        return type == 0 ? Message() : Message(message);
    }

    // Adds a message to its answer, which leaves when it is whole.
    std::optional<Arrival> take(LDAPMessage* message)
    {
        const auto it = replies_.find(ldap_msgid(message));
        if (it == replies_.end())
            return std::nullopt; // no search of ours
        auto& reply = it->second;
        switch (ldap_msgtype(message)) {
        case LDAP_RES_SEARCH_ENTRY:
            reply.has_entry = true;
            return std::nullopt;
        case LDAP_RES_SEARCH_REFERENCE: {
            char** urls = nullptr;
            if (ldap_parse_reference(ld_, message, &urls, nullptr, 0) == LDAP_SUCCESS)
                add_references(reply, urls);
            return std::nullopt;
        }
        case LDAP_RES_SEARCH_RESULT:
            break;
        default:
            return std::nullopt;
        }
        char* diagnostic = nullptr;
        char** urls = nullptr;
        if (ldap_parse_result(ld_, message, &reply.code, nullptr, &diagnostic, &urls, nullptr, 0) != LDAP_SUCCESS)
            reply.code = last_error();
        reply.diagnostic = taken(diagnostic);
        reply.code_text = ldap_err2string(reply.code);
        add_references(reply, urls);
        Arrival arrival{it->first, std::move(reply)};
        replies_.erase(it);
        return arrival;
    }

    static void add_references(LdapReply& reply, char** urls)
    {
        for (char** url = urls; url && *url && reply.references.size() < most_references; ++url)
            reply.references.push_back(printable(*url, longest_text));
        ber_memvfree(reinterpret_cast<void**>(urls));
    }

    LdapOptions options_;
    LDAP* ld_ = nullptr;
    int descriptor_ = -1; // libldap's
    std::map<int, LdapReply> replies_; // of searches under way
};

Result<std::unique_ptr<LdapConnection>> open(const LdapOptions& options, const LdapUrl& url, LdapStop& stop)
{
    auto session = std::make_unique<Session>(options);
    if (const auto opened = session->open(url, stop); !opened)
        return tl::unexpected(opened.error());
    return session;
}

} // namespace
} // namespace postern

extern "C" postern::LdapConnection::Open* postern_module()
{
    int version = 0;
    ldap_get_option(nullptr, LDAP_OPT_PROTOCOL_VERSION, &version); // libldap's first use is not for threads
    return &postern::open;
}
