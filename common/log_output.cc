#include "common/log_output.h"

#include "common/file_descriptor.h"
#include "common/socket_address.h"
#include "common/text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <vector>

#define SD_JOURNAL_SUPPRESS_LOCATION // where this file calls it is of no interest to anybody
#include <systemd/sd-journal.h>

namespace postern {
namespace {

constexpr std::size_t write_size = 64 << 10; // lines are gathered up to this
constexpr const char* journald_socket = "/run/systemd/journal/socket";

int syslog_priority(LogLevel level)
{
    switch (level) {
    case LogLevel::debug: return LOG_DEBUG;
    case LogLevel::info: return LOG_INFO;
    case LogLevel::warning: return LOG_WARNING;
    case LogLevel::error: return LOG_ERR;
    }
    return LOG_ERR; // unreachable
}

// Lines to a descriptor, many a system call.
class StreamOutput : public LogOutput {
public:
    StreamOutput(std::string program, LineFormat format)
        : lines_(format, std::move(program))
    {
    }

    std::size_t write(std::span<const LogEvent> events) final
    {
        std::size_t lost = 0;
        for (std::size_t done = 0; done < events.size();) {
            buffer_.clear();
            if (in_line_) // half a line was written before the disk was full
                buffer_ += '\n';
            const auto first = done;
            while (done < events.size() && buffer_.size() < write_size)
                lines_.append(buffer_, events[done++]);
            if (!write_all(buffer_))
                lost += done - first;
        }
        return lost;
    }

protected:
    virtual int descriptor() const = 0;

private:
    bool write_all(std::string_view text)
    {
        while (!text.empty()) {
            const auto size = ::write(descriptor(), text.data(), text.size());
            if (size > 0) {
                in_line_ = text[static_cast<std::size_t>(size) - 1] != '\n';
                text.remove_prefix(static_cast<std::size_t>(size));
            } else if (size < 0 && errno == EAGAIN) { // somebody who shares our stderr made it non-blocking
                pollfd ready{descriptor(), POLLOUT, 0};
                ::poll(&ready, 1, -1);
            } else if (size == 0 || errno != EINTR) {
                return false;
            }
        }
        return true;
    }

    LogLines lines_;
    std::string buffer_;
    bool in_line_ = false;
};

class StderrOutput final : public StreamOutput {
public:
    using StreamOutput::StreamOutput;
    Result<> open() override { return {}; }

private:
    int descriptor() const override { return STDERR_FILENO; }
};

class FileOutput final : public StreamOutput {
public:
    explicit FileOutput(const LogOptions& options)
        : StreamOutput(options.program, options.format)
        , path_(options.path)
    {
    }

    Result<> open() override
    {
        FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640));
        if (!file)
            return fail("cannot open {}: {}", path_, std::strerror(errno));
        file_ = std::move(file);
        return {};
    }

private:
    int descriptor() const override { return file_.get(); }

    std::string path_;
    FileDescriptor file_;
};

// One field of journald for each of ours, besides the text; see systemd.journal-fields(7).
class JournaldOutput final : public LogOutput {
public:
    JournaldOutput(std::string program, LineFormat format)
        : program_(std::move(program))
        , format_(format)
    {
    }

    Result<> open() override
    {
        if (::access(journald_socket, W_OK) != 0) // sd_journal_sendv() itself is silent about it
            return fail("journald cannot be reached at {}: {}", journald_socket, std::strerror(errno));
        return {};
    }

    std::size_t write(std::span<const LogEvent> events) override
    {
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(), [this](const auto& event) { return !send(event); }));
    }

private:
    bool send(const LogEvent& event)
    {
        std::string message = "MESSAGE=";
        append_log_message(message, format_, event);
        std::vector<std::string> fields{std::move(message), fmt::format("PRIORITY={}", syslog_priority(event.level)),
                                        fmt::format("SYSLOG_FACILITY={}", LOG_FAC(LOG_MAIL)),
                                        "SYSLOG_IDENTIFIER=" + program_, "POSTERN_EVENT=" + event.event};
        for (const auto field : event.fields)
            fields.push_back(concat({journald_name(field.name), "=", field.value}));

        std::vector<iovec> parts;
        for (auto& field : fields)
            parts.push_back({field.data(), field.size()});
        return sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
    }

    static std::string journald_name(std::string_view name)
    {
        std::string upper = "POSTERN_";
        for (const char c : name)
            upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c >= '0' && c <= '9' ? c : '_';
        return upper;
    }

    std::string program_;
    LineFormat format_;
};

// One datagram a line. Not by syslog(3), which does not say when a line is lost.
class SyslogOutput final : public LogOutput {
public:
    explicit SyslogOutput(const LogOptions& options)
        : program_(options.program)
        , format_(options.format)
        , path_(options.syslog_socket)
    {
    }

    Result<> open() override
    {
        FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const auto address = unix_sockaddr(path_);
        if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            return fail("syslog cannot be reached at {}: {}", path_, std::strerror(errno));
        socket_ = std::move(socket);
        return {};
    }

    std::size_t write(std::span<const LogEvent> events) override
    {
        std::size_t lost = 0;
        for (const auto& event : events) {
            const auto text = datagram(event);
            // A syslog daemon that was restarted has a new socket at the old place.
            const bool sent = send(text) || (open() && send(text));
            lost += sent ? 0 : 1;
        }
        return lost;
    }

private:
    bool send(const std::string& text)
    {
        ssize_t sent;
        do
            sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        return sent >= 0;
    }

    // "<22>Mar  1 12:34:56 program[123]: text", local time, as syslog(3) sends it
    std::string datagram(const LogEvent& event) const
    {
        const auto seconds = std::chrono::system_clock::to_time_t(event.time);
        std::tm local{};
        localtime_r(&seconds, &local);
        char time[32];
        std::strftime(time, sizeof time, "%b %e %H:%M:%S", &local);

        auto text = fmt::format("<{}>{} {}[{}]: ", LOG_MAIL | syslog_priority(event.level), time, program_, ::getpid());
        append_log_message(text, format_, event);
        return text;
    }

    std::string program_;
    LineFormat format_;
    std::string path_;
    FileDescriptor socket_;
};

} // namespace

std::unique_ptr<LogOutput> make_log_output(const LogOptions& options)
{
    switch (options.target) {
    case LogOptions::Target::stderr_stream:
        return std::make_unique<StderrOutput>(options.program, options.format);
    case LogOptions::Target::journald:
        return std::make_unique<JournaldOutput>(options.program, options.format);
    case LogOptions::Target::syslog:
        return std::make_unique<SyslogOutput>(options);
    case LogOptions::Target::file:
        return std::make_unique<FileOutput>(options);
    }
    return nullptr; // unreachable
}

} // namespace postern
