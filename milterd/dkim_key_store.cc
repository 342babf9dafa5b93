#include "milterd/dkim_key_store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::string_view state_file = "state";
constexpr std::string_view untold_file = "untold";
constexpr std::string_view key_suffix = ".private";
constexpr std::string_view record_suffix = ".txt";

tl::unexpected<Error> errno_fault(const std::string& path)
{
    return fail("{}: {}", path, std::strerror(errno));
}

// Nothing: there is no such file.
Result<std::optional<std::string>> read_file_if_there(const std::string& path, std::size_t limit)
{
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // a FIFO must not stop us
    if (!fd)
        return errno == ENOENT ? Result<std::optional<std::string>>(std::nullopt) : errno_fault(path);
    std::string content(limit + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const auto got = ::read(fd.get(), content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno_fault(path);
        if (got == 0)
            break;
        size += static_cast<std::size_t>(got);
    }
    content.resize(size);
    return content;
}

bool file_exists(const std::string& path)
{
    return ::access(path.c_str(), F_OK) == 0 || errno != ENOENT;
}

} // namespace

DkimKeyStore::DkimKeyStore(std::string folder, const FileAccess& access)
    : folder_(std::move(folder))
    , files_(access)
    , folders_{access.mode | (access.mode & (S_IRUSR | S_IRGRP)) >> 2, access.group} // to read one is to enter it
{
}

std::string DkimKeyStore::path(std::string_view domain, std::string_view file) const
{
    return fmt::format("{}/{}/{}", folder_, domain, file);
}

std::string DkimKeyStore::key_path(std::string_view domain, std::string_view selector) const
{
    return path(domain, selector) + std::string(key_suffix);
}

Result<std::vector<std::string>> DkimKeyStore::domains() const
{
    std::vector<std::string> names;
    std::error_code error;
    auto it = std::filesystem::directory_iterator(folder_, error);
    for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
        auto name = it->path().filename().string();
        std::error_code ignored; // what is no folder is nobody's
        if (!name.starts_with('.') && it->is_directory(ignored) && file_exists(path(name, state_file)))
            names.push_back(std::move(name));
    }
    if (error && error != std::errc::no_such_file_or_directory)
        return fail("{}: {}", folder_, error.message());
    std::sort(names.begin(), names.end());
    return names;
}

Result<std::optional<ManagedDkimDomain>> DkimKeyStore::load(const std::string& domain) const
{
    const auto file = path(domain, state_file);
    const auto text = read_file_if_there(file, dkim_key_states_limit);
    if (!text)
        return tl::unexpected(text.error());
    if (!*text)
        return std::nullopt;
    auto read = parse_dkim_key_states(**text, file);
    if (!read)
        return tl::unexpected(read.error());
    if (read->domain != domain)
        return fail("{}: is of {}, and stands in the folder of {}", file, read->domain, domain);
    return std::optional(std::move(*read));
}

Result<FileDescriptor> DkimKeyStore::lock(const std::string& domain) const
{
    const auto folder = fmt::format("{}/{}", folder_, domain);
    auto made = create_directory(folder_, folders_);
    if (made)
        made = create_directory(folder, folders_);
    if (!made)
        return tl::unexpected(made.error());
    FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return errno_fault(folder);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? fail("{}: another postern dkim is at work on it", folder) : errno_fault(folder);
    return fd;
}

Result<> DkimKeyStore::save(const ManagedDkimDomain& domain) const
{
    return replace_file(path(domain.domain, state_file), write_dkim_key_states(domain), files_);
}

Result<> DkimKeyStore::add_files(std::string_view domain, std::string_view selector, std::string_view pem,
                                 std::string_view zone_text) const
{
    return create_key_files(path(domain, selector), pem, zone_text, files_);
}

bool DkimKeyStore::has_files(std::string_view domain, std::string_view selector) const
{
    return file_exists(key_path(domain, selector)) || file_exists(path(domain, selector) + std::string(record_suffix));
}

Result<> DkimKeyStore::remove_files(std::string_view domain, std::string_view selector) const
{
    if (const auto removed = remove_file(key_path(domain, selector)); !removed)
        return removed;
    return remove_file(path(domain, selector) + std::string(record_suffix));
}

Result<> DkimKeyStore::set_untold() const
{
    return replace_file(fmt::format("{}/{}", folder_, untold_file), "", files_);
}

Result<> DkimKeyStore::clear_untold() const
{
    return remove_file(fmt::format("{}/{}", folder_, untold_file));
}

bool DkimKeyStore::is_untold() const
{
    return file_exists(fmt::format("{}/{}", folder_, untold_file));
}

Result<> create_key_files(const std::string& stem, std::string_view pem, std::string_view zone_text,
                          const FileAccess& access)
{
    const auto record = stem + std::string(record_suffix);
    if (file_exists(record))
        return fail("{}: exists already", record);
    if (const auto created = create_file(stem + std::string(key_suffix), pem, access); !created)
        return created;
    return create_file(record, zone_text, access);
}

} // namespace postern
