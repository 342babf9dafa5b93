// standard - what nearly every file includes, read once where -Dprecompiled=true is set
//
// For builds from nothing, as of an image or a package, which takes half as long by it. It changes no meaning: each
// file names what it needs itself, and builds without it, as those of the developers are, see to that.
#pragma once

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
