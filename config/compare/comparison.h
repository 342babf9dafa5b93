// comparison - what the old setup did with each mail, beside what Postern would have done
//
// Is fed the lines of both, in the order of their times, and joins them: a
// recipient's answer by client, sender and recipient, a message's by its queue
// id, each within two minutes. What cannot have a partner any more is concluded:
// a recipient whom no refusal followed was let in. So memory is bounded by what
// two minutes have, and by a limit.
//
// Postern is asked first (postfix_entries.h), so it has an answer for all that
// the old programs saw. What was refused before either was asked, by a DNS
// list of main.cf for one, is the same in both setups and counts apart.
// Of answers only the kind is compared: let in, defer, reject. Beside them: SPF
// results, and what was signed and verified.
#pragma once

#include "config/compare/log_fields.h"
#include "config/compare/log_time.h"
#include "config/compare/old_line.h"

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace postern {

// One kind of difference, with how often it was seen and the first example.
struct Difference {
    std::uint64_t count = 0;
    std::string example; // one line
    std::string explain; // the command that tells more; empty: there is none
};

struct ComparisonCounts {
    std::uint64_t recipients = 0, recipients_alike = 0;
    std::uint64_t messages = 0, messages_alike = 0;
    std::uint64_t spf = 0, spf_alike = 0;
    std::uint64_t earlier_refusals = 0;  // of recipients, before anybody was asked
    std::uint64_t unseen_refusals = 0;   // by milters, of mails that Postern has no record of
    std::uint64_t old_lines = 0;         // of Postfix
};

class Comparison {
public:
    explicit Comparison(std::string explain_command = "postern explain") // with the options that it needs
        : explain_command_(std::move(explain_command))
    {
    }

    void take_record(LogTime time, const LogFieldsRead& record); // of an observing Postern; others say nothing
    void take_old(LogTime time, const OldLogLine& line);
    void saw_postfix() { ++counts_.old_lines; }
    void finish(); // no more comes

    const ComparisonCounts& counts() const { return counts_; }
    const std::map<std::string, Difference>& differences() const { return differences_; }

private:
    struct Answer { // ours, to a recipient
        LogTime time;
        std::string key, client, client_name, helo, sender, recipient, login;
        MailOutcome would{};
        std::string check, reason, text;
        std::string old_reason{}; // postgrey's
        std::uint64_t number = 0; // Waiting's
    };
    struct Refusal { // the old setup's
        LogTime time;
        std::string key;
        OldRefusal refusal;
        std::uint64_t number = 0;
    };
    struct SpfFinding { // ours
        LogTime time;
        std::string key, result;
        Answer answer;
        std::uint64_t number = 0;
    };
    struct Message {
        LogTime time; // of the last that was heard
        std::string queue_id;
        bool is_ours = false;
        Answer answer;
        std::string verified, signing; // ours: reasons; empty: not looked at
        std::optional<OldRefusal> refusal;
        std::string old_signature, old_verified;
    };

    // Those that wait for a partner, in the order of their times, and found by key: of one key, too, there can be thousands.
    template <class T>
    struct Waiting {
        using Iterator = typename std::list<T>::iterator;
        std::list<T> all;
        std::uint64_t added = 0;
        std::map<std::pair<std::string_view, std::uint64_t>, Iterator> by_key; // and when it was added

        void add(T value);
        void take_out(Iterator it);
        Iterator first(std::string_view key);
        Iterator last(std::string_view key, LogTime before); // both: all.end() if there is none
    };

    void take_decision(LogTime time, const LogFieldsRead& record);
    void take_message(LogTime time, const LogFieldsRead& record);
    void take_refusal(LogTime time, const OldRefusal& refusal);
    void take_spf(LogTime time, const OldSpf& spf);
    void take_greylist(LogTime time, const OldGreylist& greylist);
    Message& message(LogTime time, const std::string& queue_id);
    void conclude(LogTime now);
    void conclude(const Answer& answer, const OldRefusal* refusal);
    void conclude(const Message& message);
    void compare_dkim(const Message& message);
    void differ(const std::string& kind, const Answer& example, const std::string& what, bool is_message);

    std::string explain_command_;
    ComparisonCounts counts_;
    std::map<std::string, Difference> differences_;
    Waiting<Answer> answers_;
    Waiting<Refusal> refusals_;
    Waiting<SpfFinding> spf_;
    std::list<Message> messages_;
    std::unordered_map<std::string, std::list<Message>::iterator> messages_by_id_;
    bool has_old_signer_ = false;
};

} // namespace postern
