#include "common/metrics_server.h"

#include "common/http_server.h"
#include "common/metrics.h"

#include <asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

namespace postern {
namespace {

constexpr auto plain_text = "text/plain; charset=utf-8";

// What the server's thread waits for. The loop may answer after nobody waits any more.
class Inquiry {
public:
    void answer(Facts facts)
    {
        const std::lock_guard lock(mutex_);
        facts_ = std::move(facts);
        changed_.notify_one();
    }

    void give_up()
    {
        const std::lock_guard lock(mutex_);
        is_given_up_ = true;
        changed_.notify_one();
    }

    std::optional<Facts> wait(std::chrono::milliseconds patience)
    {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, patience, [this] { return facts_ || is_given_up_; });
        return std::exchange(facts_, std::nullopt);
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Facts> facts_;
    bool is_given_up_ = false;
};

} // namespace

struct MetricsServer::Impl {
    Impl(asio::io_context& i, Collect c, std::chrono::milliseconds p)
        : io(i)
        , collect(std::make_shared<const Collect>(std::move(c)))
        , patience(p)
    {
    }

    std::optional<Facts> ask_loop();
    HttpAnswer answer(const std::string& path);

    asio::io_context& io;
    std::shared_ptr<const Collect> collect; // gone with this: what was posted then does nothing
    std::chrono::milliseconds patience;
    std::mutex mutex;
    std::shared_ptr<Inquiry> inquiry; // under mutex; the one at hand
    bool is_stopping = false;         // under mutex
    std::unique_ptr<HttpServer> server; // last: its thread uses the others
};

std::optional<Facts> MetricsServer::Impl::ask_loop()
{
    const auto asked = std::make_shared<Inquiry>();
    {
        const std::lock_guard lock(mutex);
        if (is_stopping)
            return std::nullopt;
        inquiry = asked;
    }
    asio::post(io, [asked, weak = std::weak_ptr(collect)] {
        if (const auto live = weak.lock())
            asked->answer((*live)());
    });
    return asked->wait(patience);
}

HttpAnswer MetricsServer::Impl::answer(const std::string& path)
{
    if (path != "/metrics" && path != "/healthz" && path != "/readyz")
        return {404, plain_text, "there are /metrics, /healthz and /readyz\n"};
    const auto facts = ask_loop();
    if (!facts)
        return {503, plain_text, "the daemon does not answer\n"};
    if (path == "/metrics")
        return {200, std::string(metrics_content_type), write_metrics(*facts)};
    if (path == "/healthz")
        return {200, plain_text, "alive\n"};
    auto [is_ready, text] = readiness(*facts);
    return {is_ready ? 200 : 503, plain_text, std::move(text)};
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(asio::io_context& io, FileDescriptor listener,
                                                            Collect collect, std::chrono::milliseconds patience)
{
    auto impl = std::make_unique<Impl>(io, std::move(collect), patience);
    auto server = start_http_server(std::move(listener), [impl = impl.get()](const auto& path) { return impl->answer(path); });
    if (!server)
        return tl::unexpected(server.error());
    impl->server = std::move(*server);
    return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl))
{
}

MetricsServer::~MetricsServer()
{
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->is_stopping = true;
        if (impl_->inquiry)
            impl_->inquiry->give_up();
    }
    impl_->server.reset();
}

} // namespace postern
