#include "policyd/greylist_list_watch.h"

#include <asio/post.hpp>
#include <sys/stat.h>

namespace postern {

struct GreylistListWatch::FileState {
    bool is_there = false;
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t changed = 0; // nanoseconds; not the time of its content, which may be set

    bool operator==(const FileState&) const = default;
};

GreylistListWatch::GreylistListWatch(asio::io_context& io, const GreylistSettings& settings, Options options)
    : io_(io)
    , settings_(settings)
    , options_(std::move(options))
    , seen_(look()) // before the files are read: what changes meanwhile is another state
{
}

GreylistListWatch::~GreylistListWatch() = default; // the thread ends first: it is the last member

Result<std::unique_ptr<GreylistListWatch>> GreylistListWatch::create(asio::io_context& io,
                                                                     const GreylistSettings& settings, Options options)
{
    std::unique_ptr<GreylistListWatch> watch(new GreylistListWatch(io, settings, std::move(options)));
    auto lists = GreylistLists::load(settings);
    if (!lists)
        return tl::unexpected(lists.error());
    watch->current_->lists = std::move(*lists);
    using Thread = BatchThread<int>;
    watch->thread_ = std::make_unique<Thread>(
        [](Thread&, std::vector<int>) {},
        Thread::Options{0, watch->options_.interval, [self = watch.get()](Thread&) { self->watch(); }});
    return watch;
}

std::vector<GreylistListWatch::FileState> GreylistListWatch::look() const
{
    std::vector<FileState> states;
    for (const auto* paths : {&settings_.client_lists, &settings_.recipient_lists, &settings_.sender_lists})
        for (const auto& path : *paths) {
            struct stat status{};
            if (::stat(path.c_str(), &status) != 0)
                states.emplace_back();
            else
                states.push_back({true, status.st_dev, status.st_ino, status.st_size,
                                  status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec});
        }
    return states;
}

void GreylistListWatch::watch()
{
    auto states = look();
    if (states == seen_)
        return;
    seen_ = std::move(states);
    auto loaded = GreylistLists::load(settings_);
    Result<std::shared_ptr<GreylistLists>> lists;
    if (loaded)
        lists = std::move(*loaded);
    else
        lists = tl::unexpected(loaded.error());
    asio::post(io_, [this, alive = std::weak_ptr(alive_), lists = std::move(lists)] {
        if (alive.expired())
            return;
        if (lists)
            current_->lists = *lists;
        if (options_.on_change)
            options_.on_change(lists);
    });
}

} // namespace postern
