// rendered_image - what the container's program makes of an environment, for its tests
#pragma once

#include "container/render.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace postern {

inline const Environment relay{{"MAILNAME", "mail.example.com"}};
inline const Environment gateway{{"POSTMASTER_EMAIL", "postmaster@example.com"}, {"POSTFIX_MYHOSTNAME", "mx.example.com"}};

inline Result<std::string> no_files(const std::string& path)
{
    return fail("{}: No such file or directory", path);
}

inline Environment with(Environment base, const Environment& more)
{
    for (const auto& [name, value] : more)
        base[name] = value;
    return base;
}

inline Image image_of(const Environment& environment, const Surroundings& surroundings = {}, const ReadFile& read = no_files)
{
    auto image = render(environment, surroundings, read);
    if (!image)
        for (const auto& fault : image.error())
            MESSAGE(fault.what);
    REQUIRE(image);
    return *image;
}

inline std::string text_of(const Image& image, std::string_view path)
{
    for (const auto& file : image.files)
        if (file.path == path || file.path == fmt::format("{}/{}", postfix_folder, path))
            return file.text;
    return "(not there)";
}

inline std::string main_cf(const Environment& environment, const Surroundings& surroundings = {})
{
    return text_of(image_of(environment, surroundings), "main.cf");
}

inline bool has(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

inline bool has_service(const Image& image, std::string_view name)
{
    return text_of(image, fmt::format("{}/{}/run", service_folder, name)) != "(not there)";
}

} // namespace postern
