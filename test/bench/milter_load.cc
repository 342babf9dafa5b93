// milter_load - mails, as fast as a milter takes them
//
// usage: milter_load [options] SOCKET [SOCKET ...]
//     SOCKET is a path, or inet:ADDRESS:PORT. With several, each mail goes to one after the other in
//     turn and whole, as Postfix drives them.
//     --connections N      how many mails at a time (4)
//     --messages N         how many in all (10000)
//     --mails-each N       how many on one connection (1)
//     --rate N             how many begin in a second, at even times, if a connection is free
//     --hold               one mail on each connection, all of them up to the last octet of the body; then
//                          prints "held", waits for a line, and ends them all at once
//     --size OCTETS        of a made-up body (4096)
//     --body FILE          a body with CR LF line ends instead
//     --header 'N: v'      one more field; may be repeated
//     --from ADDRESS       the sender (user@d0.test)
//     --client ADDRESS     the client, IPv4 (192.0.2.1)
//     --helo NAME          its HELO name (mail.d0.test)
//
// Prints one line of JSON: the rate, the time that a mail took, what became of the mails.
#include "test/fake/milter_client.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

namespace {

using namespace postern;
using SteadyClock = std::chrono::steady_clock;

struct Options {
    int connections = 4;
    long messages = 10'000;
    long mails_each = 1;
    double rate = 0; // 0: as fast as it goes
    bool is_held = false;
    std::size_t size = 4096;
    std::string body_file{};
    std::vector<std::string> sockets{};
    MilterMail mail{};
};

struct Results {
    std::vector<long> microseconds;
    std::map<char, long> replies; // 0: the connection was lost
    long edits = 0;
};

Options read_options(int argc, char** argv)
{
    Options options;
    options.mail.sender = "user@d0.test";
    options.mail.client_name = options.mail.helo = "mail.d0.test";
    options.mail.recipients = {"rcpt@local.test"};
    options.mail.header = {{"From", " User <user@d0.test>"},
                           {"To", " rcpt@local.test"},
                           {"Subject", " load test message with a subject of usual length"},
                           {"Date", " Sat, 21 Nov 2026 10:00:00 +0000"},
                           {"MIME-Version", " 1.0"},
                           {"Content-Type", " text/plain; charset=utf-8"}};
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (!name.starts_with("--")) {
            options.sockets.push_back(name);
            continue;
        }
        if (name == "--hold") {
            options.is_held = true;
            continue;
        }
        const std::string value = i + 1 < argc ? argv[++i] : "";
        if (name == "--connections")
            options.connections = std::stoi(value);
        else if (name == "--messages")
            options.messages = std::stol(value);
        else if (name == "--mails-each")
            options.mails_each = std::stol(value);
        else if (name == "--rate")
            options.rate = std::stod(value);
        else if (name == "--size")
            options.size = std::stoul(value);
        else if (name == "--body")
            options.body_file = value;
        else if (name == "--header")
            options.mail.header.emplace_back(value.substr(0, value.find(':')), value.substr(value.find(':') + 1));
        else if (name == "--from")
            options.mail.sender = value;
        else if (name == "--client")
            options.mail.client_address = value;
        else if (name == "--helo")
            options.mail.helo = options.mail.client_name = value;
        else
            options.sockets.clear(), i = argc; // what is this?
    }
    return options;
}

// Letters that no compression makes small, in lines of 76.
std::string made_up_body(std::size_t size)
{
    std::string body;
    std::uint32_t x = 12345;
    while (body.size() < size) {
        for (int i = 0; i < 76; ++i) {
            x = x * 1664525U + 1013904223U;
            body += static_cast<char>('A' + (x >> 24) % 26);
        }
        body += "\r\n";
    }
    return body;
}

long microseconds_since(SteadyClock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start).count();
}

// Waits until a mail is due, the first of `messages` at once. A late one is not waited for, and its time counts from
// when it was due: what waits for a free connection has waited, too.
SteadyClock::time_point due(const Options& options, SteadyClock::time_point begin, long left)
{
    if (options.rate <= 0)
        return SteadyClock::now();
    const auto since = std::chrono::duration<double>(static_cast<double>(options.messages - left) / options.rate);
    const auto when = begin + std::chrono::duration_cast<SteadyClock::duration>(since);
    std::this_thread::sleep_until(when);
    return when;
}

// The mails of one connection to each socket. False: some milter is not there.
bool send_some(const Options& options, SteadyClock::time_point begin, std::atomic<long>& left, Results& results)
{
    std::vector<MilterClient> milters;
    for (const auto& socket : options.sockets) {
        milters.emplace_back(socket);
        if (!milters.back().is_connected() || !milters.back().negotiate()
            || milters.back().connect_and_greet(options.mail) != 'c')
            return false;
    }
    auto mail = options.mail;
    for (long sent = 0, number; sent < options.mails_each && (number = left.fetch_sub(1)) > 0; ++sent) {
        const auto start = due(options, begin, number);
        mail.queue_id = "Q" + std::to_string(number);
        mail.header.emplace_back("Message-ID", " <" + mail.queue_id + "@d0.test>");
        MilterOutcome outcome;
        for (auto& milter : milters) {
            outcome = milter.send_transaction(mail);
            results.edits += static_cast<long>(outcome.edits.size());
            if (outcome.reply != 'c' && outcome.reply != 'a')
                break;
        }
        mail.header.pop_back();
        ++results.replies[outcome.reply];
        results.microseconds.push_back(microseconds_since(start));
        if (outcome.reply == 0)
            break;
    }
    for (auto& milter : milters)
        milter.quit();
    return true;
}

// All connections have a mail whose end is still to come, until the word is given. False: some did not get so far.
bool hold(const Options& options, Results& results)
{
    constexpr auto patience = std::chrono::minutes(5); // all of them are scanned at once
    std::vector<MilterClient> milters;
    for (int i = 0; i < options.connections; ++i) {
        auto& milter = milters.emplace_back(options.sockets.front(), patience);
        auto mail = options.mail;
        mail.queue_id = "Q" + std::to_string(i);
        if (!milter.is_connected() || !milter.negotiate() || milter.connect_and_greet(mail) != 'c'
            || milter.send_envelope(mail) != 'c' || milter.send_content(mail) != 'c' || !milter.flush())
            return false;
    }
    std::printf("held\n");
    std::fflush(stdout);
    std::getchar();

    std::mutex mutex;
    std::vector<std::thread> threads;
    const auto start = SteadyClock::now();
    for (std::size_t i = 0; i < milters.size(); ++i)
        threads.emplace_back([&, i] {
            const auto outcome = milters[i].end_message("Q" + std::to_string(i));
            milters[i].quit();
            const std::lock_guard lock(mutex);
            ++results.replies[outcome.reply];
            results.edits += static_cast<long>(outcome.edits.size());
            results.microseconds.push_back(microseconds_since(start));
        });
    for (auto& thread : threads)
        thread.join();
    return true;
}

void print(const Options& options, Results results, double seconds)
{
    auto& times = results.microseconds;
    std::sort(times.begin(), times.end());
    const auto at = [&](std::size_t percent) {
        return times.empty() ? 0 : times[std::min(times.size() - 1, times.size() * percent / 100)];
    };
    const auto rate = static_cast<double>(times.size()) / seconds;
    std::printf(
        "{\"messages\": %zu, \"seconds\": %.2f, \"rate\": %.1f, \"MBps\": %.1f, \"p50_us\": %ld, \"p99_us\": %ld, "
        "\"max_us\": %ld, \"edits\": %ld, \"replies\": {",
        times.size(), seconds, rate, rate * static_cast<double>(options.mail.body.size()) / 1e6, at(50), at(99),
        at(100), results.edits);
    const char* comma = "";
    for (const auto& [reply, count] : results.replies)
        std::printf("%s\"%c\": %ld", std::exchange(comma, ", "), reply ? reply : '0', count);
    std::printf("}}\n");
}

} // namespace

int main(int argc, char** argv)
{
    auto options = read_options(argc, argv);
    if (options.sockets.empty()) {
        std::fprintf(
            stderr,
            "usage: milter_load [--connections N] [--messages N] [--mails-each N] [--size OCTETS] [--body FILE]\n"
            "       [--rate N] [--hold] [--header 'Name: value'] [--from ADDRESS] [--client ADDRESS] [--helo NAME] "
            "SOCKET...\n");
        return 2;
    }
    options.mail.body = made_up_body(options.size);
    if (!options.body_file.empty()) {
        std::ostringstream body;
        body << std::ifstream(options.body_file, std::ios::binary).rdbuf();
        options.mail.body = body.str();
    }

    std::atomic<long> left{options.messages};
    std::atomic<bool> is_missing{false};
    std::mutex mutex;
    Results all;
    const auto start = SteadyClock::now();
    std::vector<std::thread> threads;
    if (options.is_held)
        is_missing = !hold(options, all);
    for (int i = 0; i < (options.is_held ? 0 : options.connections); ++i)
        threads.emplace_back([&] {
            Results mine;
            while (left > 0 && !is_missing)
                if (!send_some(options, start, left, mine))
                    is_missing = true;
            const std::lock_guard lock(mutex);
            all.microseconds.insert(all.microseconds.end(), mine.microseconds.begin(), mine.microseconds.end());
            all.edits += mine.edits;
            for (const auto& [reply, count] : mine.replies)
                all.replies[reply] += count;
        });
    for (auto& thread : threads)
        thread.join();
    print(options, std::move(all), std::chrono::duration<double>(SteadyClock::now() - start).count());
    if (is_missing)
        std::fprintf(stderr, "milter_load: a milter cannot be reached, or does not want us\n");
    return is_missing ? 1 : 0;
}
