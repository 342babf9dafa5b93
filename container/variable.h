// variable - what is known of one environment variable of the image
//
// A row has everything: the name that the users of an image know, whose manual
// has it, how it is written, its documented default, what it means and what it
// sets. Reading, faults and the table of README.md all come from it.
// See: values.h, which reads them; environment(7) of either image
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace postern {

// Whose word it is: that of the outbound relay image, that of the gateway image, or our own.
enum class Manual { relay, gateway, both, ours };

enum class VariableKind { boolean, number, text, list, path };

struct Variable {
    std::string_view name;
    Manual manual;
    VariableKind kind;
    std::string_view fallback; // as the manual has it, for people; what it is worth is for the renderer
    std::string_view sets;     // the parameter or setting that it becomes
    std::string_view meaning;

    std::string_view same_as{};                // the row that means the same: both set to different values is a fault
    std::string_view setting{};                // "greylist.enable": the setting of postern.toml that is the same
    std::span<const std::string_view> words{}; // all that it may be
    long low = 0, high = 0;                    // of a number; both 0: any
    bool secret = false;                       // its value is never shown
};

inline constexpr std::string_view ip_protocols[] = {"ipv4", "ipv6", "all"};

std::span<const Variable> relay_variables();
std::span<const Variable> gateway_variables();
std::span<const Variable> own_variables();

std::vector<const Variable*> variables(); // all of them, in the order of the manuals
const Variable* find_variable(std::string_view name);

std::string_view manual_name(Manual manual);
std::string_view kind_name(VariableKind kind);

} // namespace postern
