// prepare - puts the rendered image where the programs find it
//
// At start: folders, owners, tables, maps, logins, the self-signed certificate.
// Later, when a table or a secret has changed: the same for what may change.
// A file appears whole under its name or not at all. What a mount does not
// allow to be changed is a warning; what is needed and cannot be is a fault.
#pragma once

#include "common/result.h"
#include "container/image.h"

#include <functional>
#include <string>
#include <string_view>

namespace postern {

using Say = std::function<void(const std::string& line)>;

Environment whole_environment(const char* const* environ);
Result<std::string> read_setting_file(const std::string& path); // bounded: a setting is not a film

Surroundings look_around();

// Copies the user's table to where Postfix reads it, or takes it away there if it is gone.
Result<> take_table(std::string_view name);

Result<> make_folders(const Image& image, const Say& say);
Result<> write_image(const Image& image, const Say& say); // files, copies, maps, logins, certificate

} // namespace postern
