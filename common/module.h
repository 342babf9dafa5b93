// module - a part of the program that is loaded when it is first wanted
//
// What not every host uses, and what brings megabytes of libraries with it
// (LDAP and its TLS, HTTP and another), stands in a shared object of its own.
// A daemon that needs none of it never loads it. A module stays until the
// program ends, and has one function of C, `postern_module`, that gives the
// function which makes what the module is for.
// Modules are looked for where the program's run path says: in common/ of a
// build, in /usr/lib/postern once installed.
// Failure: the Error names what cannot be loaded.
#pragma once

#include "common/result.h"

namespace postern {

using ModuleFunction = void (*)(); // of whatever type; the module and its caller agree

Result<ModuleFunction> load_module(const char* file);

} // namespace postern
