// policy_load - closed-loop load on a Postfix policy service
//
// usage: policy_load TARGET CONNECTIONS SECONDS [--new PERCENT] [--known N] [--cold PERCENT] [--all N]
//                    [--domains N] [--prime SECONDS]
// TARGET: unix:PATH | inet:ADDRESS:PORT | spawn:PROGRAM (a process a connection, on its standard input and output)
//
// Each connection sends a request at RCPT, waits for the answer, and sends the
// next; each request is a message of its own. Of the triplets (client, sender,
// recipient) PERCENT were never seen before, in this run or another; the
// others are taken from N known ones, but for --cold PERCENT of all requests,
// which are for one of --all N triplets that a large store is said to hold.
// With --prime the known ones are first asked for once, and again after
// SECONDS, so that a greylist knows them.
//
// Prints one line of JSON: requests, rate, latencies in microseconds, and the
// first words of the answers with their counts.
#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::string target;
    std::size_t connections = 0;
    double seconds = 0;
    unsigned new_percent = 0;
    unsigned known = 10'000;
    unsigned cold_percent = 0;
    unsigned all = 10'000'000;
    unsigned domains = 1'000;
    double prime = -1; // seconds between the two rounds; negative: no priming
};

struct Connection {
    int reader = -1;
    int writer = -1;
    std::string received;
    Clock::time_point sent;
};

Connection dial_unix(const std::string& path)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("connect " + path + ": " + std::strerror(errno));
    return {fd, fd, {}, {}};
}

Connection dial_inet(const std::string& host_and_port)
{
    const auto colon = host_and_port.rfind(':');
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(host_and_port.c_str() + colon + 1)));
    inet_pton(AF_INET, host_and_port.substr(0, colon).c_str(), &address.sin_addr);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("connect " + host_and_port + ": " + std::strerror(errno));
    return {fd, fd, {}, {}};
}

Connection spawn(const std::string& program)
{
    int to[2];
    int from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        throw std::runtime_error("pipe");
    if (fork() == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        execl("/bin/sh", "sh", "-c", ("exec " + program).c_str(), nullptr);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    return {from[0], to[1], {}, {}};
}

Connection dial(const std::string& target)
{
    const auto colon = target.find(':');
    const auto kind = target.substr(0, colon);
    const auto rest = target.substr(colon + 1);
    if (kind == "unix")
        return dial_unix(rest);
    if (kind == "inet")
        return dial_inet(rest);
    if (kind == "spawn")
        return spawn(rest);
    throw std::runtime_error("not unix:, inet: or spawn: " + target);
}

// What is asked: known triplet `number`, or with `is_new` one that nobody has seen.
class Requests {
public:
    explicit Requests(const Options& options)
        : options_(options)
        , run_(static_cast<unsigned long>(std::chrono::system_clock::now().time_since_epoch().count()))
    {
    }

    std::string known(unsigned number) { return request(number % options_.domains, "user", number); }

    std::string next()
    {
        const auto kind = random_() % 100;
        if (kind >= options_.new_percent + options_.cold_percent)
            return known(static_cast<unsigned>(random_()) % options_.known);
        if (kind >= options_.new_percent)
            return known(static_cast<unsigned>(random_()) % options_.all);
        const auto sender = "new" + std::to_string(run_) + "." + std::to_string(sequence_);
        return request(static_cast<unsigned>(random_()) % options_.domains, sender, static_cast<unsigned>(random_()) % 200);
    }

private:
    std::string request(unsigned domain, const std::string& sender, unsigned number)
    {
        ++sequence_;
        char text[1024];
        const int size = std::snprintf(
            text, sizeof text,
            "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=192.0.2.%u\n"
            "client_name=mail.d%u.test\nclient_port=40000\nreverse_client_name=mail.d%u.test\nserver_address=192.0.2.255\n"
            "server_port=25\nhelo_name=mail.d%u.test\nsender=%s@d%u.test\nrecipient=rcpt%u@local.test\n"
            "recipient_count=0\nqueue_id=\ninstance=%lx.%lx.0\nsize=4096\netrn_domain=\nstress=\nsasl_method=\n"
            "sasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\n"
            "ccert_pubkey_fingerprint=\nencryption_protocol=\nencryption_cipher=\nencryption_keysize=0\n"
            "policy_context=\n\n",
            1 + domain % 250, domain, domain, domain, sender.c_str(), domain, number, run_ % 100'000, sequence_);
        return {text, static_cast<std::size_t>(size)};
    }

    const Options& options_;
    unsigned long run_;
    unsigned long sequence_ = 0;
    std::mt19937 random_{1};
};

class Load {
public:
    explicit Load(const Options& options)
        : options_(options)
        , requests_(options)
        , poll_(epoll_create1(EPOLL_CLOEXEC))
    {
        for (std::size_t i = 0; i < options.connections; ++i) {
            connections_.push_back(dial(options.target));
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            epoll_ctl(poll_, EPOLL_CTL_ADD, connections_[i].reader, &event);
        }
    }

    // Each known triplet once.
    void round()
    {
        unsigned number = 0;
        run([&] { return number < options_.known ? requests_.known(number++) : std::string(); });
    }

    void timed()
    {
        const auto start = Clock::now();
        const auto end = start + std::chrono::microseconds(static_cast<long>(options_.seconds * 1e6));
        latencies_.clear();
        latencies_.reserve(4'000'000);
        actions_.clear();
        run([&] { return Clock::now() < end ? requests_.next() : std::string(); });
        report(std::chrono::duration<double>(Clock::now() - start).count());
    }

private:
    // Keeps every connection busy until `next` gives no more.
    template <class Next>
    void run(Next next)
    {
        std::size_t waiting = 0;
        for (auto& connection : connections_)
            waiting += send(connection, next());
        while (waiting > 0) {
            epoll_event events[256];
            const int count = epoll_wait(poll_, events, 256, 30'000);
            if (count <= 0)
                throw std::runtime_error("no answer for 30 seconds");
            for (int i = 0; i < count; ++i) {
                auto& connection = connections_[events[i].data.u64];
                if (has_answer(connection) && !send(connection, next()))
                    --waiting;
            }
        }
    }

    static bool send(Connection& connection, const std::string& request)
    {
        if (request.empty())
            return false;
        connection.sent = Clock::now();
        if (write(connection.writer, request.data(), request.size()) != static_cast<ssize_t>(request.size()))
            throw std::runtime_error("write: " + std::string(std::strerror(errno)));
        return true;
    }

    bool has_answer(Connection& connection)
    {
        char octets[4096];
        const auto count = read(connection.reader, octets, sizeof octets);
        if (count <= 0)
            throw std::runtime_error("the server has closed a connection");
        connection.received.append(octets, static_cast<std::size_t>(count));
        const auto end = connection.received.find("\n\n");
        if (end == std::string::npos)
            return false;
        const auto spent = Clock::now() - connection.sent;
        latencies_.push_back(
            static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(spent).count()));
        ++actions_[connection.received.substr(0, std::min(end, connection.received.find(' ')))];
        connection.received.clear();
        return true;
    }

    void report(double seconds)
    {
        std::sort(latencies_.begin(), latencies_.end());
        const auto count = latencies_.size();
        const auto at = [&](double part) {
            return count ? latencies_[std::min(count - 1, static_cast<std::size_t>(part * static_cast<double>(count)))] : 0;
        };
        std::printf("{\"requests\": %zu, \"seconds\": %.2f, \"rate\": %.0f, \"p50_us\": %u, \"p99_us\": %u, "
                    "\"p999_us\": %u, \"max_us\": %u, \"answers\": {",
                    count, seconds, static_cast<double>(count) / seconds, at(.5), at(.99), at(.999), at(1));
        const char* separator = "";
        for (const auto& [action, times] : actions_) {
            std::printf("%s\"%s\": %lu", separator, action.c_str(), times);
            separator = ", ";
        }
        std::printf("}}\n");
    }

    const Options& options_;
    Requests requests_;
    int poll_;
    std::vector<Connection> connections_;
    std::vector<std::uint32_t> latencies_;
    std::map<std::string, unsigned long> actions_;
};

Options read_options(int argc, char** argv)
{
    if (argc < 4)
        throw std::runtime_error("usage: policy_load TARGET CONNECTIONS SECONDS [--new PERCENT] [--known N] "
                                 "[--cold PERCENT] [--all N] [--domains N] [--prime SECONDS]");
    Options options;
    options.target = argv[1];
    options.connections = static_cast<std::size_t>(std::atoi(argv[2]));
    options.seconds = std::atof(argv[3]);
    for (int i = 4; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        const auto value = static_cast<unsigned>(std::atoi(argv[i + 1]));
        if (name == "--new")
            options.new_percent = value;
        else if (name == "--known")
            options.known = value;
        else if (name == "--cold")
            options.cold_percent = value;
        else if (name == "--all")
            options.all = value;
        else if (name == "--domains")
            options.domains = value;
        else if (name == "--prime")
            options.prime = std::atof(argv[i + 1]);
        else
            throw std::runtime_error("no such option: " + name);
    }
    return options;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        const auto options = read_options(argc, argv);
        Load load(options);
        if (options.prime >= 0) {
            load.round();
            usleep(static_cast<useconds_t>(options.prime * 1e6));
            load.round();
        }
        load.timed();
        return 0;
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "policy_load: %s\n", fault.what());
        return 1;
    }
}
