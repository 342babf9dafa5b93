// drain - the way of a running Postfix to its end: nothing new, and what has begun is finished
//
// The ports stay open with another master.cf behind them, in which each says
// 421 to who is new, and Postfix reads that by a reload. So no process of
// before takes a second session: one that is there is at work. Its successors
// bear a mark in their command lines. Only its own processes count, not those
// of a host's Postfix that a container with --pid=host sees, too.
// See: master(8), RFC 5321 3.8 (421), container/render_master_cf.cc
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern {

// Of a process that began after the reload and holds nothing up; as a setting, it ends those that deliver soon.
constexpr std::string_view drain_mark = "max_idle=1s";

struct UnderWay {
    std::size_t sessions = 0;   // of SMTP, that began before
    std::size_t deliveries = 0; // likewise
    bool has_mail = false;      // that was taken and was not tried yet, or is being tried

    bool is_nothing() const { return sessions == 0 && deliveries == 0 && !has_mail; }
    std::string text() const; // "2 sessions, 1 delivery and mail in the queue"
};

// By a folder like /proc, and one like /var/spool/postfix, whose pid/master.pid names the Postfix. What vanishes
// meanwhile is not counted.
UnderWay what_is_under_way(const std::string& processes, const std::string& queue);

} // namespace postern
