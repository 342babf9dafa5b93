// dnsbl_inquiry - what the lists say of one client or name, while they say it
//
// Begins as a question to each list of a kind, and ends as an answer that is
// remembered: the same object, so that who asks for a client whose lists are
// being asked joins in, and looking up what is remembered is looking it up
// once. Whoever waits is woken by each answer.
// Everything on one thread.
#pragma once

#include "common/clock.h"
#include "policyd/dnsbl_answer.h"
#include "policyd/dnsbl_list.h"
#include "policyd/dnsbl_score.h"

#include <asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace postern {

struct DnsblListing {
    std::size_t list = 0;
    std::size_t rule = 0; // the heaviest that matched
    int weight = 0;       // of all rules that matched
    IpAddress code{};
};

class DnsblInquiry {
public:
    // One more list is asked.
    void expect(const DnsblList& list);

    // What that list says; `index` is its place among all lists.
    void take(const DnsblList& list, std::size_t index, const DnsblAnswer& answer);

    bool is_done() const { return pending_ == 0; }
    std::size_t asked() const { return asked_; } // lists
    std::size_t answered() const { return answered_; } // of them, in a way that counts
    int score() const { return score_; }

    // What the score can still become; the score itself when all is said.
    DnsblRange range() const { return {score_ + may_fall_, score_ + may_rise_}; }

    bool lacks_answer() const { return lacks_answer_; }
    void set_lacks_answer() { lacks_answer_ = true; }

    // The shortest of all answers; none: nothing was answered.
    std::optional<std::chrono::seconds> ttl() const { return ttl_; }

    const std::vector<DnsblListing>& listings() const { return listings_; }
    const DnsblListing* heaviest() const; // nullptr: not listed

    // " zen.spamhaus.org=127.0.0.4", of each that lists it.
    const std::string& summary() const { return summary_; }

    Deadline until{};                  // remembered until then, once it is done
    std::string name{};                // what stands before the zone: "1.2.0.192"
    std::optional<std::string> reason{}; // of the heaviest, once somebody has asked for it

    // A place among those who are woken, left when it is destroyed.
    class Waiting {
    public:
        Waiting(DnsblInquiry& inquiry, asio::steady_timer& timer)
            : waiting_(inquiry.waiting_)
            , place_(waiting_.insert(waiting_.end(), &timer))
        {
        }
        ~Waiting() { waiting_.erase(place_); }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

    private:
        std::list<asio::steady_timer*>& waiting_;
        std::list<asio::steady_timer*>::iterator place_;
    };

private:
    int score_ = 0;
    int may_rise_ = 0;
    int may_fall_ = 0;
    std::size_t asked_ = 0;
    std::size_t answered_ = 0;
    std::size_t pending_ = 0;
    bool lacks_answer_ = false;
    std::optional<std::chrono::seconds> ttl_;
    std::vector<DnsblListing> listings_;
    std::string summary_;
    std::list<asio::steady_timer*> waiting_;
};

} // namespace postern
