#include "common/read_file.h"

#include "common/file_descriptor.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {

Result<std::string> read_file(const std::string& path, std::size_t limit)
{
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // a FIFO must not hang us
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0)
        return fail("{}: {}", path, std::strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail("{}: is not a file", path);
    std::string text;
    char buffer[1 << 16];
    for (;;) {
        const auto size = ::read(file.get(), buffer, sizeof buffer);
        if (size < 0 && errno != EINTR)
            return fail("{}: {}", path, std::strerror(errno));
        if (size == 0)
            return text;
        if (size > 0)
            text.append(buffer, static_cast<std::size_t>(size));
        if (text.size() > limit)
            return fail("{}: has more than {} octets", path, limit);
    }
}

} // namespace postern
