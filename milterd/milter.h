// milter - the one file that knows libmilter
//
// Gives Postfix's milter connections to sessions: every callback becomes one
// call of session.h, every answer an SMFIS_ code, every edit an smfi_ call.
//
// What is worked around here, measured with libmilter 8.17 of Debian:
//  - It has no closure for its callbacks and one listener a process, so one
//    host is kept in a static; run_milter() can be called once.
//  - A thread of its own takes SIGHUP, SIGTERM and SIGINT by sigwait(3) and
//    stops the listener. sigwait is ours here (see milter.cc): signals belong
//    to common/service.
//  - Its way out takes up to 5 s, kills verdicts that are being waited for and
//    destroys mutexes that its workers use. It is never stopped: drain
//    (SessionHost::stop_taking, wait_until_idle, close), then end the process.
//  - Two connections that become ready together may be given to one worker,
//    where the second waits for the first one's verdict, or for the rest of a
//    packet that never comes. Connections of our own, every 100 ms while mails
//    are in work and about every second otherwise, make it look again.
//
// Postfix 2.6 or later: header values must come with the blank after the colon.
#pragma once

#include "common/file_descriptor.h"
#include "common/result.h"
#include "milterd/session.h"

#include <memory>

namespace postern {

// Serves the connections of `listener` on threads of libmilter's until the process ends.
// Returns on failure only. Call it on a thread whose signals are blocked.
Result<> run_milter(FileDescriptor listener, std::shared_ptr<SessionHost> host);

} // namespace postern
