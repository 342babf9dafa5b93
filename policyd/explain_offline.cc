#include "policyd/explain_offline.h"

#include "common/privileges.h"
#include "common/queued_log.h"
#include "config/settings.h"
#include "policyd/policyd.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

namespace postern {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds longest_warming{10}; // lists are tested before they are asked
constexpr std::chrono::milliseconds look_again{20};

// In place of a database that is not there.
class EmptyFolder {
public:
    EmptyFolder()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "postern-explain-XXXXXX").string();
        if (::mkdtemp(pattern.data()))
            path_ = pattern;
    }
    ~EmptyFolder()
    {
        std::error_code ignored;
        if (!path_.empty())
            std::filesystem::remove_all(path_, ignored);
    }
    EmptyFolder(const EmptyFolder&) = delete;
    EmptyFolder& operator=(const EmptyFolder&) = delete;

    std::string file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

private:
    std::string path_;
};

bool is_warming(const Policyd& policyd)
{
    Facts facts;
    policyd.add_facts(facts);
    for (const auto& function : facts.functions())
        if (function.kind == FunctionState::Kind::warming)
            return true;
    return false;
}

asio::awaitable<void> answer(asio::io_context& io, const Policyd& policyd, PolicyRequest request, Result<std::string>& text)
{
    asio::steady_timer timer(io);
    const auto limit = SteadyClock::now() + longest_warming;
    while (is_warming(policyd) && SteadyClock::now() < limit) {
        timer.expires_after(look_again);
        co_await timer.async_wait(asio::use_awaitable);
    }
    text = co_await policyd.explain(std::move(request));
}

Result<std::string> explain(Config config, PolicyRequest request)
{
    if (::geteuid() == 0)
        if (const auto dropped = drop_privileges(config.policyd.user, config.policyd.group); !dropped)
            return tl::unexpected(dropped.error());
    const EmptyFolder nothing_known;
    if (std::error_code ignored; !std::filesystem::exists(config.greylist.database, ignored))
        config.greylist.database = nothing_known.file("greylist");

    QueuedLog log({.program = "postern-policyd", .level = LogLevel::error}); // to stderr, at the end
    asio::io_context io;
    Policyd policyd(io, log);
    if (const auto configured = policyd.configure(config); !configured)
        return tl::unexpected(configured.error());
    Result<std::string> text;
    asio::co_spawn(io, answer(io, policyd, std::move(request), text), [&io, &text](const std::exception_ptr& error) {
        try {
            if (error)
                std::rethrow_exception(error);
        } catch (const std::exception& exception) {
            text = fail("{}", exception.what());
        }
        io.stop();
    });
    io.run();
    return text;
}

} // namespace

int explain_policyd(const std::string& config_path, const std::string& attributes)
{
    auto request = parse_explain_request(attributes);
    if (!request) {
        fmt::print(stderr, "{}\n", request.error().what);
        return 1;
    }
    const auto loaded = load_config(config_path, environment_of(::environ));
    if (!loaded) {
        for (const auto& fault : loaded.error())
            fmt::print(stderr, "{}\n", fault.what);
        return 1;
    }
    const auto text = explain(loaded->config, std::move(*request));
    if (!text) {
        fmt::print(stderr, "{}\n", text.error().what);
        return 1;
    }
    fmt::print("{}", *text);
    return 0;
}

} // namespace postern
