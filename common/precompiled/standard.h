// standard - what nearly every file includes, read once for a library whose files are compiled apart
//
// For builds from nothing (-Dunity=on). It changes no meaning: each file names
// what it needs itself, and the developers' builds, which have no such header,
// see to that.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tl/expected.hpp>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
