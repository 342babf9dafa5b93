// null_policy - the floor of what a policy service can cost: reads to the empty line, answers DUNNO
//
// usage: null_policy SOCKET
#include <cstdio>
#include <cstring>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <unordered_map>

namespace {

constexpr std::string_view answer = "action=DUNNO\n\n";

int listen_at(const char* path)
{
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    unlink(path);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 512) != 0)
        return -1;
    return listener;
}

void watch(int poll, int fd)
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

// False: the connection is over.
bool serve(int fd, std::string& received)
{
    char octets[8192];
    const auto count = read(fd, octets, sizeof octets);
    if (count <= 0)
        return false;
    received.append(octets, static_cast<std::size_t>(count));
    for (auto end = received.find("\n\n"); end != std::string::npos; end = received.find("\n\n")) {
        received.erase(0, end + 2);
        if (write(fd, answer.data(), answer.size()) != static_cast<ssize_t>(answer.size()))
            return false;
    }
    return true;
}

} // namespace

int main(int argc, char** argv)
{
    const int listener = argc == 2 ? listen_at(argv[1]) : -1;
    if (listener < 0) {
        std::fprintf(stderr, "usage: null_policy SOCKET\n");
        return 2;
    }
    const int poll = epoll_create1(0);
    watch(poll, listener);
    std::unordered_map<int, std::string> received;
    for (;;) {
        epoll_event events[256];
        const int count = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[i].data.fd;
            if (fd == listener) {
                watch(poll, accept(listener, nullptr, nullptr));
            } else if (!serve(fd, received[fd])) {
                received.erase(fd);
                close(fd);
            }
        }
    }
}
