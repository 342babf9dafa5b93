// manual - what the table of settings says, for people to read
//
// The shipped postern.toml and the manual page postern.toml(5) are these
// texts: a test holds them to it. To write them anew after a change of the
// table:
//
//     build/config/postern settings --sample > config/postern.toml
//     build/config/postern settings --manual > config/postern.toml.5
#pragma once

#include <string>

namespace postern {

// A postern.toml with every setting at its default, commented out, under its text.
std::string sample_file();

// postern.toml(5), as man(7) wants it.
std::string manual_page();

} // namespace postern
