// milter_client - Postfix's side of the milter protocol, for tests
//
// Speaks version 6 as smtpd(8) and cleanup(8) of Postfix 3.7 do: it offers
// every action and step, sends macros before the steps, leaves out the steps
// that the milter does not want and waits for the answers that it will give.
// Packets wait in a buffer until an answer is, as in Postfix; flush() sends
// them without. A milter that says nothing for `patience` counts as gone.
#pragma once

#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace postern {

// One mail, as a test writes it down.
struct MilterMail {
    std::string client_name = "mail.example.org";
    char family = '4'; // '4', '6', or 'U' for unknown
    std::string client_address = "192.0.2.1";
    std::uint16_t port = 40000;
    std::string daemon_name = "mx.example.com";
    std::string helo = "mail.example.org";
    std::string login{};
    std::string sender = "alice@example.org";
    std::vector<std::string> recipients = {"bob@example.com"};
    std::vector<std::pair<std::string, std::string>> header = {{"From", " alice@example.org"}, {"Subject", " hello"}};
    std::string body = "Hello\r\n";
    std::string queue_id = "4XyZ12";
};

struct MilterOutcome {
    char reply = 0; // 'c' continue, 'a', 't', 'r', 'y' with text, 'd'; 0: the connection is gone
    std::string text{}; // of 'y': "550 5.7.1 No"
    std::vector<std::string> edits{}; // "insert 0 Name: value", "change 2 Name: value", "quarantine reason"
};

class MilterClient {
public:
    // `where`: the path of a Unix socket, or inet:ADDRESS:PORT.
    explicit MilterClient(const std::string& where, std::chrono::milliseconds patience = std::chrono::seconds(20))
        : patience_(patience)
        , fd_(where.starts_with("inet:") ? connect_inet(where.substr(5)) : connect_unix(where))
    {
    }
    MilterClient(MilterClient&& other) noexcept
        : steps(other.steps)
        , actions(other.actions)
        , symbol_lists(std::move(other.symbol_lists))
        , patience_(other.patience_)
        , out_(std::move(other.out_))
        , fd_(std::exchange(other.fd_, -1))
    {
    }
    ~MilterClient() { disconnect(); }

    bool is_connected() const { return fd_ >= 0; }

    void disconnect()
    {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }

    bool negotiate(std::uint32_t offered_actions = 0x1ff, std::uint32_t offered_steps = 0x1fffff)
    {
        std::string data;
        if (!send('O', number(6) + number(offered_actions) + number(offered_steps)))
            return false;
        if (receive(data) != 'O' || data.size() < 12)
            return false;
        actions = number_at(data, 4);
        steps = number_at(data, 8);
        symbol_lists = data.substr(12);
        return true;
    }

    // All of one mail on a connection that has negotiated: from connect to the end of the message.
    MilterOutcome send_mail(const MilterMail& mail)
    {
        const char greeted = connect_and_greet(mail);
        return greeted == 'c' ? send_transaction(mail) : MilterOutcome{greeted, last_text};
    }

    char connect_and_greet(const MilterMail& mail)
    {
        const std::uint16_t port = htons(mail.port);
        std::string data = zero(mail.client_name) + mail.family;
        if (mail.family != 'U')
            data += std::string(reinterpret_cast<const char*>(&port), 2) + zero(mail.client_address);
        const char answer =
            step('C', data, 0x1, 0x1000, {{"{daemon_name}", mail.daemon_name}, {"j", "mx.example.com"}});
        return answer == 'c' ? step('H', zero(mail.helo), 0x2, 0x2000) : answer;
    }

    // A mail on a connection that has greeted.
    MilterOutcome send_transaction(const MilterMail& mail)
    {
        if (const char answer = send_envelope(mail); answer != 'c')
            return {answer, last_text};
        if (const char answer = send_content(mail); answer != 'c')
            return {answer, last_text};
        return end_message(mail.queue_id);
    }

    char send_envelope(const MilterMail& mail)
    {
        Macros macros = {{"{mail_addr}", mail.sender}};
        if (!mail.login.empty())
            macros.emplace_back("{auth_authen}", mail.login);
        char answer = step('M', zero("<" + mail.sender + ">"), 0x4, 0x4000, macros);
        for (const auto& recipient : mail.recipients)
            if (answer == 'c')
                answer = step('R', zero("<" + recipient + ">"), 0x8, 0x8000, {{"{rcpt_addr}", recipient}});
        return answer == 'c' ? step('T', "", 0x200, 0x10000, {{"i", mail.queue_id}}) : answer;
    }

    char send_content(const MilterMail& mail)
    {
        char answer = 'c';
        for (const auto& [name, value] : mail.header)
            if (answer == 'c')
                answer = step('L', zero(name) + zero(value), 0x20, 0x80);
        if (answer == 'c')
            answer = step('N', "", 0x40, 0x40000, {{"i", mail.queue_id}});
        for (std::size_t at = 0; answer == 'c' && at < mail.body.size(); at += 65535)
            answer = step('B', mail.body.substr(at, 65535), 0x10, 0x80000);
        return answer;
    }

    MilterOutcome end_message(const std::string& queue_id)
    {
        MilterOutcome outcome;
        if (!send('D', std::string("E") + zero("i") + zero(queue_id)) || !send('E', ""))
            return outcome;
        for (std::string data;;) {
            const char reply = receive(data);
            if (reply == 'i' || reply == 'm')
                outcome.edits.push_back((reply == 'i' ? "insert " : "change ") + std::to_string(number_at(data, 0))
                                        + " " + field_text(data.substr(4)));
            else if (reply == 'h') // as 'i', at the end; other milters send it
                outcome.edits.push_back("add " + field_text(data));
            else if (reply == 'q')
                outcome.edits.push_back("quarantine " + std::string(data.c_str()));
            else if (reply != 'p') {
                outcome.reply = reply;
                outcome.text = data.c_str();
                return outcome;
            }
        }
    }

    bool abort() { return send('A', "") && flush(); }
    bool quit() { return send('Q', "") && flush(); }
    bool quit_new_connection() { return send('K', "") && flush(); }

    // One step: left out if unwanted, not waited for if it is not answered.
    using Macros = std::vector<std::pair<std::string, std::string>>;
    char step(char command, const std::string& data, std::uint32_t unwanted, std::uint32_t silent,
              const Macros& macros = {})
    {
        if (steps & unwanted)
            return 'c';
        if (!macros.empty()) {
            std::string definition(1, command);
            for (const auto& [name, value] : macros)
                definition += zero(name) + zero(value);
            if (!send('D', definition))
                return 0;
        }
        if (!send(command, data))
            return 0;
        return steps & silent ? 'c' : receive(last_text);
    }

    bool send(char command, const std::string& data)
    {
        out_ += number(static_cast<std::uint32_t>(data.size() + 1));
        out_ += command;
        out_ += data;
        return out_.size() < 65536 || flush();
    }

    bool send_raw(std::string_view octets)
    {
        out_ += octets;
        return flush();
    }

    bool flush()
    {
        for (std::size_t done = 0; done < out_.size();) {
            const auto sent = ::send(fd_, out_.data() + done, out_.size() - done, MSG_NOSIGNAL);
            if (sent <= 0)
                return false;
            done += static_cast<std::size_t>(sent);
        }
        out_.clear();
        return true;
    }

    // The next packet: its command, or 0 if the milter is gone or silent.
    char receive(std::string& data)
    {
        std::string packet;
        if (!flush())
            return 0;
        if (!receive_exactly(4, packet))
            return 0;
        const auto size = number_at(packet, 0);
        if (size == 0 || !receive_exactly(size, packet))
            return 0;
        data = packet.substr(1);
        return packet[0];
    }

    std::uint32_t steps = 0; // what the milter does not want (SMFIP_...)
    std::uint32_t actions = 0; // what it may do (SMFIF_...)
    std::string symbol_lists{}; // the macros that it wants
    std::string last_text{};

private:
    template <class Address>
    static int connected(int fd, const Address& address)
    {
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
            return fd;
        ::close(fd);
        return -1;
    }

    static int connect_unix(const std::string& path)
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        return connected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), address);
    }

    static int connect_inet(const std::string& host_and_port)
    {
        const auto colon = host_and_port.rfind(':');
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(host_and_port.substr(colon + 1))));
        ::inet_pton(AF_INET, host_and_port.substr(0, colon).c_str(), &address.sin_addr);
        return connected(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), address);
    }

    static std::string zero(const std::string& text) { return text + std::string(1, '\0'); }

    static std::string number(std::uint32_t value)
    {
        value = htonl(value);
        return {reinterpret_cast<const char*>(&value), sizeof value};
    }

    static std::uint32_t number_at(const std::string& data, std::size_t at)
    {
        std::uint32_t value = 0;
        if (data.size() >= at + sizeof value)
            std::memcpy(&value, data.data() + at, sizeof value);
        return ntohl(value);
    }

    static std::string field_text(const std::string& data)
    {
        const auto end = data.find('\0');
        return data.substr(0, end) + ":" + (end == std::string::npos ? "" : data.c_str() + end + 1);
    }

    bool receive_exactly(std::size_t size, std::string& data)
    {
        data.resize(size);
        for (std::size_t have = 0; have < size;) {
            pollfd waiting{fd_, POLLIN, 0};
            if (::poll(&waiting, 1, static_cast<int>(patience_.count())) <= 0)
                return false;
            const auto got = ::recv(fd_, data.data() + have, size - have, 0);
            if (got <= 0)
                return false;
            have += static_cast<std::size_t>(got);
        }
        return true;
    }

    std::chrono::milliseconds patience_;
    std::string out_;
    int fd_ = -1;
};

} // namespace postern
