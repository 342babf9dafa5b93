#include "policyd/recipient_file.h"

#include "common/read_file.h"

#include <asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

namespace postern {
namespace {

constexpr std::size_t largest_file = 256 * 1024 * 1024; // some million addresses

// What changes when the file does; of one that is not there, that.
std::string stamp_of(const std::string& path)
{
    struct stat file{};
    if (::stat(path.c_str(), &file) != 0)
        return std::strerror(errno);
    return fmt::format("{} {} {} {}.{}", file.st_dev, file.st_ino, file.st_size, file.st_mtim.tv_sec,
                       file.st_mtim.tv_nsec);
}

} // namespace

Result<RecipientFile::Snapshot> RecipientFile::read(const std::string& path)
{
    auto stamp = stamp_of(path);
    const auto text = read_file(path, largest_file);
    if (!text)
        return tl::unexpected(text.error());
    auto table = RecipientTable::parse(*text, path);
    if (table)
        return Snapshot{std::move(*table), std::move(stamp)};
    std::string faults;
    for (const auto& fault : table.error())
        faults.append(faults.empty() ? "" : "; ").append(fault.what);
    return fail("{}", faults);
}

RecipientFile::RecipientFile(asio::io_context& io, std::string path, Snapshot snapshot, OnState on_state,
                             std::chrono::milliseconds interval)
    : io_(io)
    , path_(std::move(path))
    , on_state_(std::move(on_state))
    , table_(std::make_shared<const RecipientTable>(std::move(snapshot.table)))
    , stamp_(std::move(snapshot.stamp))
{
    BatchThread<int>::Options options;
    options.idle_interval = interval;
    options.idle = [this](BatchThread<int>&) { look(); };
    thread_ = std::make_unique<BatchThread<int>>([](BatchThread<int>&, const std::vector<int>&) {}, std::move(options));
}

void RecipientFile::look()
{
    auto now = stamp_of(path_);
    if (now == stamp_)
        return;
    stamp_ = std::move(now);
    asio::post(io_, [this, alive = std::weak_ptr(alive_), found = read(path_)]() mutable {
        if (!alive.expired())
            take(std::move(found));
    });
}

void RecipientFile::take(Result<Snapshot> found)
{
    if (found)
        use(std::move(found->table));
    else
        trouble_ = found.error().what;
    on_state_(trouble_);
}

void RecipientFile::use(RecipientTable table)
{
    trouble_.clear();
    table_ = std::make_shared<const RecipientTable>(std::move(table));
}

} // namespace postern
