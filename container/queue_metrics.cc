#include "container/queue_metrics.h"

#include "common/text.h"
#include "config/health/connection.h"
#include "config/value.h"
#include "container/image.h"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <span>
#include <utility>

namespace postern {
namespace {

constexpr double size_bounds[] = {1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr double age_bounds[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
constexpr std::size_t token_limit = 64 << 10;
constexpr std::size_t showq_limit = 256 << 20; // a million messages
constexpr std::size_t page_limit = 4 << 20;
constexpr std::chrono::seconds limit{8}; // Prometheus gives up after ten

void add(Histogram& histogram, std::span<const double> bounds, double value)
{
    histogram.buckets.resize(bounds.size());
    for (std::size_t i = 0; i < bounds.size(); ++i)
        histogram.buckets[i] += value <= bounds[i] ? 1 : 0;
    ++histogram.count;
    histogram.sum += value;
}

std::string write(std::string_view name, std::string_view help, std::span<const double> bounds,
                  const std::map<std::string, Histogram>& by_queue)
{
    auto text = fmt::format("# HELP {0} {1}\n# TYPE {0} histogram\n", name, help);
    for (const auto& [queue, histogram] : by_queue) {
        for (std::size_t i = 0; i < bounds.size(); ++i)
            text += fmt::format("{}_bucket{{queue=\"{}\",le=\"{:g}\"}} {}\n", name, queue, bounds[i], histogram.buckets[i]);
        text += fmt::format("{0}_bucket{{queue=\"{1}\",le=\"+Inf\"}} {2}\n{0}_sum{{queue=\"{1}\"}} {3:.0f}\n"
                            "{0}_count{{queue=\"{1}\"}} {2}\n",
                            name, queue, histogram.count, histogram.sum);
    }
    return text;
}

// "name{a="b"} 1" with one label more
std::string with_daemon(std::string_view line, std::string_view daemon)
{
    const auto end = line.find_first_of("{ ");
    if (end == std::string_view::npos)
        return std::string(line);
    const bool has_labels = line[end] == '{';
    const auto rest = line.substr(has_labels ? end + 1 : end);
    return fmt::format("{}{{daemon=\"{}\"{}{}", line.substr(0, end), daemon,
                       has_labels ? (rest.starts_with('}') ? "" : ",") : "}", rest);
}

Result<std::string> get(const std::string& socket)
{
    auto connection = Connection::open(SocketAddress{socket, {}, 0}, limit);
    if (!connection)
        return tl::unexpected(connection.error());
    if (const auto sent = connection->write("GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n"); !sent)
        return tl::unexpected(sent.error());
    const auto answer = connection->read_to_end(page_limit);
    return answer ? http_body(*answer) : answer;
}

std::string queues()
{
    constexpr auto path = "/var/spool/postfix/public/showq";
    QueueCounts counts(std::time(nullptr));
    auto connection = Connection::open(SocketAddress{path, {}, 0}, limit);
    const auto text = connection ? connection->read_to_end(showq_limit) : tl::unexpected(connection.error());
    if (text)
        counts.read(*text);
    return fmt::format("{}# HELP postfix_up Whether Postfix could be asked.\n# TYPE postfix_up gauge\n"
                       "postfix_up{{path=\"{}\"}} {}\n",
                       counts.text(), path, text ? 1 : 0);
}

} // namespace

QueueCounts::QueueCounts(std::int64_t now)
    : now_(now)
{
    for (const auto* const queue : {"active", "deferred", "hold", "incoming", "maildrop"}) {
        sizes_[queue].buckets.resize(std::size(size_bounds));
        ages_[queue].buckets.resize(std::size(age_bounds));
    }
}

void QueueCounts::read(std::string_view octets)
{
    for (const char c : octets) {
        if (c == '\0')
            take(std::exchange(token_, {}));
        else if (token_.size() < token_limit)
            token_ += c;
    }
}

void QueueCounts::take(std::string token)
{
    if (wants_value_) {
        record_[name_] = std::move(token);
        wants_value_ = false;
    } else if (token.empty()) {
        end_record();
    } else {
        name_ = std::move(token);
        wants_value_ = true;
    }
}

void QueueCounts::end_record()
{
    const auto record = std::exchange(record_, {});
    const auto value = [&](const char* name) {
        const auto it = record.find(name);
        return it == record.end() ? std::string() : it->second;
    };
    const auto size = read_number(value("size"));
    const auto time = read_number(value("time"));
    const auto queue = sizes_.find(value("queue_name"));
    if (!size || !time || queue == sizes_.end())
        return; // a recipient, or what showq says of itself
    add(queue->second, size_bounds, static_cast<double>(*size));
    add(ages_[queue->first], age_bounds, static_cast<double>(std::max<std::int64_t>(0, now_ - *time)));
}

std::string QueueCounts::text() const
{
    return write("postfix_showq_message_size_bytes", "Size of messages in Postfix's queues.", size_bounds, sizes_)
        + write("postfix_showq_message_age_seconds", "Age of messages in Postfix's queues.", age_bounds, ages_);
}

std::string join_pages(const std::vector<DaemonPage>& pages)
{
    struct Metric {
        std::string head, samples;
    };
    std::vector<std::string> order;
    std::map<std::string, Metric> metrics;
    for (const auto& page : pages) {
        std::string name;
        bool is_new = false;
        for (const auto line : split(page.text, '\n')) {
            const auto words = split_words(line.substr(0, 200));
            if (line.starts_with('#') && words.size() >= 3) {
                if (name != words[2]) {
                    name = words[2];
                    is_new = !metrics.contains(name);
                    if (is_new)
                        order.push_back(name);
                }
                auto& head = metrics[name].head;
                if (is_new)
                    head.append(line).append("\n");
            } else if (!line.empty()) {
                metrics[name].samples += with_daemon(line, page.name) + '\n';
            }
        }
    }
    std::string text;
    for (const auto& name : order)
        text += metrics[name].head + metrics[name].samples;
    return text;
}

Result<std::string> http_body(std::string_view answer)
{
    const auto end = answer.find("\r\n\r\n");
    if (end == std::string_view::npos || !answer.starts_with("HTTP/1.") || answer.substr(8, 5) != " 200 ")
        return fail("\"{}\" is not an answer with status 200", printable(answer.substr(0, answer.find('\r')), 80));
    return std::string(answer.substr(end + 4));
}

std::string metrics_page()
{
    std::vector<DaemonPage> pages;
    std::string up = "# HELP postern_daemon_up Whether the daemon could be asked.\n# TYPE postern_daemon_up gauge\n";
    for (const auto* const name : {"policyd", "milterd"}) {
        const auto socket = fmt::format("{}/{}.metrics", socket_folder, name);
        auto page = get(socket);
        up += fmt::format("postern_daemon_up{{daemon=\"{}\"}} {}\n", name, page ? 1 : 0);
        if (page)
            pages.push_back({name, std::move(*page)});
    }
    return queues() + up + join_pages(pages);
}

} // namespace postern
