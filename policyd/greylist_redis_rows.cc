#include "policyd/greylist_redis_rows.h"

#include "common/digits.h"
#include "common/redis/redis_reply.h"
#include "common/text.h"
#include "policyd/postgrey_dump.h"

namespace postern {
namespace {

constexpr std::string_view version = "1 ";
constexpr std::int64_t most = 1'000'000'000'000'000; // exact in the script, too, whose numbers are doubles

constexpr std::string_view merge_script = R"(
local kind, a, b = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now, window, age = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local old = redis.call('GET', KEYS[1])
if old then
  local x, y = string.match(old, '^1 (%d+) (%d+)$')
  if not x then return redis.error_reply('ROW of another version') end
  x, y = tonumber(x), tonumber(y)
  if y <= now + 60 then
    if kind == 'client' then
      if now - y <= age then
        a, b = math.max(a, x), math.max(b, y)
        if a == x and b == y then return 0 end
      end
    elseif y > x then
      if now - y <= age and (b <= a or b <= y) then return 0 end
    elseif b <= a and now - x <= window and x <= a then
      return 0
    end
  end
end
local finish = a + window
if kind == 'client' or b > a then finish = b + age end
if finish < now then return 0 end
redis.call('SET', KEYS[1], string.format('1 %.0f %.0f', a, b), 'EX', string.format('%.0f', finish - now + 1))
return 1
)";
constexpr std::string_view merge_script_sha1 = "e2cb1d0c1d7ab07338c0be2e4706ef465efcb6b1";

struct Numbers {
    std::int64_t first = 0, second = 0;
};

Result<Numbers> read_numbers(std::string_view value)
{
    const auto blank = value.find(' ', version.size());
    if (!value.starts_with(version) || blank == std::string_view::npos)
        return fail("a row of another version: \"{}\"", printable(value, 60));
    const auto first = parse_number<std::int64_t>(value.substr(version.size(), blank - version.size()), 0, most);
    const auto second = parse_number<std::int64_t>(value.substr(blank + 1), 0, most);
    if (!first || !second)
        return fail("not a row: \"{}\"", printable(value, 60));
    return Numbers{*first, *second};
}

Numbers numbers_of(const GreylistWrite& row)
{
    if (const auto* triplet = std::get_if<TripletRow>(&row.row))
        return {triplet->first.time_since_epoch().count(), triplet->last.time_since_epoch().count()};
    const auto& client = std::get<ClientRow>(row.row);
    return {client.passes, client.last.time_since_epoch().count()};
}

// After which it does not count any more.
Timestamp end_of(const GreylistWrite& row, const GreylistPolicy& policy)
{
    if (const auto* triplet = std::get_if<TripletRow>(&row.row))
        return triplet->was_let_in() ? triplet->last + policy.max_age : triplet->first + policy.retry_window;
    return std::get<ClientRow>(row.row).last + policy.max_age;
}

template <class Row>
Result<std::optional<Row>> read_reply(const RedisReply& reply, Result<Row> (*read)(std::string_view))
{
    if (reply.kind == RedisReply::Kind::nil)
        return std::optional<Row>();
    if (reply.kind != RedisReply::Kind::text)
        return fail("{}", reply.is_error() ? printable(reply.text, 160) : "not a row");
    const auto row = read(reply.text);
    return row ? Result<std::optional<Row>>(*row) : tl::unexpected(row.error());
}

} // namespace

std::string_view redis_merge_script()
{
    return merge_script;
}

std::string write_redis_row(const GreylistWrite& row)
{
    const auto numbers = numbers_of(row);
    return fmt::format("{}{} {}", version, numbers.first, numbers.second);
}

Result<TripletRow> read_redis_triplet(std::string_view value)
{
    const auto numbers = read_numbers(value);
    if (!numbers)
        return tl::unexpected(numbers.error());
    if (numbers->second < numbers->first)
        return fail("was seen last before it was seen first: \"{}\"", printable(value, 60));
    return TripletRow{timestamp(numbers->first), timestamp(numbers->second)};
}

Result<ClientRow> read_redis_client(std::string_view value)
{
    const auto numbers = read_numbers(value);
    if (!numbers)
        return tl::unexpected(numbers.error());
    return ClientRow{numbers->first, timestamp(numbers->second)};
}

std::string redis_name(std::string_view prefix, std::string_view key, bool is_triplet)
{
    return concat({prefix, key, is_triplet && key.starts_with(hashed_mark) ? "/" : ""});
}

std::string redis_name(std::string_view prefix, const GreylistWrite& row)
{
    return redis_name(prefix, row.key, std::holds_alternative<TripletRow>(row.row));
}

std::optional<RedisRowKey> read_redis_name(std::string_view prefix, std::string_view name)
{
    if (!name.starts_with(prefix) || name == redis_hashed_key(prefix))
        return std::nullopt;
    auto key = name.substr(prefix.size());
    const bool is_triplet = key.find('/') != std::string_view::npos;
    if (is_triplet && key.starts_with(hashed_mark))
        key.remove_suffix(key.ends_with('/'));
    if (key.empty())
        return std::nullopt;
    return RedisRowKey{is_triplet, std::string(key)};
}

std::string redis_hashed_key(std::string_view prefix)
{
    return concat({prefix, "%hashed"});
}

Result<std::optional<TripletRow>> read_redis_triplet(const RedisReply& reply)
{
    return read_reply<TripletRow>(reply, read_redis_triplet);
}

Result<std::optional<ClientRow>> read_redis_client(const RedisReply& reply)
{
    return read_reply<ClientRow>(reply, read_redis_client);
}

std::optional<std::string> redis_set_command(std::string_view prefix, const GreylistWrite& row, Timestamp now,
                                             const GreylistPolicy& policy)
{
    const auto left = end_of(row, policy) - now;
    if (left < std::chrono::seconds(0))
        return std::nullopt;
    return redis_command({"SET", redis_name(prefix, row), write_redis_row(row), "EX", std::to_string(left.count() + 1)});
}

std::string redis_merge_command(std::string_view prefix, const GreylistWrite& row, Timestamp now,
                                const GreylistPolicy& policy, bool with_text)
{
    const auto numbers = numbers_of(row);
    return redis_command({with_text ? "EVAL" : "EVALSHA", with_text ? merge_script : merge_script_sha1, "1",
                          redis_name(prefix, row), std::holds_alternative<TripletRow>(row.row) ? "triplet" : "client",
                          std::to_string(numbers.first), std::to_string(numbers.second),
                          std::to_string(now.time_since_epoch().count()), std::to_string(policy.retry_window.count()),
                          std::to_string(policy.max_age.count())});
}

} // namespace postern
