#include "common/whole_file.h"

#include "common/file_descriptor.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {
namespace {

tl::unexpected<Error> fault(const std::string& path)
{
    return fail("{}: {}", path, std::strerror(errno));
}

Result<> write_all(int fd, std::string_view content, const std::string& path)
{
    while (!content.empty()) {
        const auto written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fault(path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

// A name is on the disk when its directory is.
Result<> sync_directory_of(const std::string& path)
{
    const auto directory = std::filesystem::path(path).parent_path().string();
    const FileDescriptor fd(::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0)
        return fault(directory);
    return {};
}

std::string new_name(const std::string& path)
{
    return path + ".new";
}

// Nothing to do where it is theirs already: then no right to chown(2) is needed.
bool give_to(int fd, const FileAccess& access)
{
    struct stat status{};
    if (::fstat(fd, &status) != 0)
        return !access.owner && !access.group;
    const auto owner = access.owner.value_or(status.st_uid);
    const auto group = access.group.value_or(status.st_gid);
    return (owner == status.st_uid && group == status.st_gid) || ::fchown(fd, owner, group) == 0;
}

// The content beside the name. Its mode is right before the first octet is in it.
Result<> write_beside(const std::string& path, std::string_view content, const FileAccess& access)
{
    const auto beside = new_name(path);
    ::unlink(beside.c_str());
    const FileDescriptor fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd)
        return fault(beside);
    if (!give_to(fd.get(), access) || ::fchmod(fd.get(), access.mode) != 0)
        return fault(beside);
    if (const auto written = write_all(fd.get(), content, beside); !written)
        return written;
    return ::fsync(fd.get()) == 0 ? Result<>() : fault(beside);
}

} // namespace

Result<> replace_file(const std::string& path, std::string_view content, const FileAccess& access)
{
    struct stat old{};
    if (::lstat(path.c_str(), &old) == 0 && !S_ISREG(old.st_mode) && !S_ISLNK(old.st_mode) && !S_ISDIR(old.st_mode))
        return fail("{}: is not a file that could be replaced", path); // a device such as /dev/null; rename(2) would
    auto done = write_beside(path, content, access);
    if (done && ::rename(new_name(path).c_str(), path.c_str()) != 0)
        done = fault(path);
    if (!done) {
        ::unlink(new_name(path).c_str());
        return done;
    }
    return sync_directory_of(path);
}

Result<> create_file(const std::string& path, std::string_view content, const FileAccess& access)
{
    auto done = write_beside(path, content, access);
    if (done && ::link(new_name(path).c_str(), path.c_str()) != 0) // which never takes a name that is taken
        done = errno == EEXIST ? fail("{}: exists already", path) : fault(path);
    ::unlink(new_name(path).c_str());
    return done ? sync_directory_of(path) : done;
}

Result<> create_directory(const std::string& path, const FileAccess& access)
{
    std::error_code error;
    const auto above = std::filesystem::path(path).parent_path();
    if (!above.empty())
        std::filesystem::create_directories(above, error);
    if (error)
        return fail("{}: {}", above.string(), error.message());
    if (::mkdir(path.c_str(), 0700) != 0) {
        if (errno == EEXIST && std::filesystem::is_directory(path, error))
            return {};
        return fault(path);
    }
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || !give_to(fd.get(), access) || ::fchmod(fd.get(), access.mode) != 0)
        return fault(path);
    return sync_directory_of(path);
}

Result<> remove_file(const std::string& path)
{
    if (::unlink(path.c_str()) != 0)
        return errno == ENOENT ? Result<>() : fault(path);
    return sync_directory_of(path);
}

} // namespace postern
