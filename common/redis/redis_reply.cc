#include "common/redis/redis_reply.h"

#include "common/text.h"

#include <cstdlib>
#include <hiredis/hiredis.h>

namespace postern {
namespace {

constexpr std::size_t complaint_octets = 120; // octets of a reader's complaint

// What hiredis hands through to the functions below.
struct Items {
    std::int64_t left = RedisReplyReader::most_items;
};

// Where the object goes: into its place in the array that is being filled, or it is a reply of its own.
RedisReply* place_of(const redisReadTask* task)
{
    auto* const parent = task->parent ? static_cast<RedisReply*>(task->parent->obj) : nullptr;
    return parent ? &parent->items[static_cast<std::size_t>(task->idx)] : new RedisReply;
}

void* create_string(const redisReadTask* task, char* text, std::size_t size)
{
    auto* const reply = place_of(task);
    reply->kind = task->type == REDIS_REPLY_ERROR    ? RedisReply::Kind::error
                  : task->type == REDIS_REPLY_STATUS ? RedisReply::Kind::status
                                                     : RedisReply::Kind::text;
    reply->text.assign(text, size);
    return reply;
}

void* create_array(const redisReadTask* task, int size)
{
    auto& left = static_cast<Items*>(task->privdata)->left;
    if (size < 0 || size > left)
        return nullptr; // hiredis calls it "Out of memory"
    left -= size;
    auto* const reply = place_of(task);
    reply->kind = RedisReply::Kind::array;
    reply->items.resize(static_cast<std::size_t>(size));
    return reply;
}

void* create_integer(const redisReadTask* task, long long value)
{
    auto* const reply = place_of(task);
    reply->kind = RedisReply::Kind::integer;
    reply->integer = value;
    return reply;
}

void* create_nil(const redisReadTask* task)
{
    auto* const reply = place_of(task);
    reply->kind = RedisReply::Kind::nil;
    return reply;
}

void free_reply(void* reply) // a whole one
{
    delete static_cast<RedisReply*>(reply);
}

redisReplyObjectFunctions functions()
{
    return {create_string, create_array, create_integer, create_nil, free_reply};
}

std::string format(std::size_t count, const std::string_view* words)
{
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < count; ++i) {
        texts.push_back(words[i].data());
        sizes.push_back(words[i].size());
    }
    char* octets = nullptr;
    const int size = ::redisFormatCommandArgv(&octets, static_cast<int>(count), texts.data(), sizes.data());
    if (size < 0)
        throw std::bad_alloc();
    std::string command(octets, static_cast<std::size_t>(size));
    ::redisFreeCommand(octets);
    return command;
}

} // namespace

bool RedisReply::is_error(std::string_view word) const
{
    return kind == Kind::error && text.starts_with(word)
        && (text.size() == word.size() || text[word.size()] == ' ');
}

std::string redis_command(std::initializer_list<std::string_view> words)
{
    return format(words.size(), words.begin());
}

std::string redis_command(const std::vector<std::string_view>& words)
{
    return format(words.size(), words.data());
}

struct RedisReplyReader::Reader {
    Reader()
        : functions(postern::functions())
        , hiredis(::redisReaderCreateWithFunctions(&functions))
    {
        if (!hiredis)
            throw std::bad_alloc();
        hiredis->privdata = &items; // its macro for this is for C
    }
    ~Reader() { ::redisReaderFree(hiredis); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    Items items;
    redisReplyObjectFunctions functions;
    redisReader* hiredis;
};

RedisReplyReader::RedisReplyReader()
    : reader_(std::make_unique<Reader>())
{
}

RedisReplyReader::~RedisReplyReader() = default;

Result<> RedisReplyReader::feed(std::string_view octets)
{
    if (reader_->hiredis->len - reader_->hiredis->pos + octets.size() > most_octets)
        return fail("a reply of more than {} octets", most_octets);
    if (::redisReaderFeed(reader_->hiredis, octets.data(), octets.size()) != REDIS_OK)
        return fail("no reply: {}", printable(reader_->hiredis->errstr, complaint_octets));
    return {};
}

Result<std::optional<RedisReply>> RedisReplyReader::next()
{
    void* whole = nullptr;
    if (::redisReaderGetReply(reader_->hiredis, &whole) != REDIS_OK)
        return fail("no reply: {}", reader_->hiredis->err == REDIS_ERR_OOM
                                        ? std::string("too many items")
                                        : printable(reader_->hiredis->errstr, complaint_octets));
    if (!whole)
        return std::nullopt;
    reader_->items.left = most_items;
    const std::unique_ptr<RedisReply> reply(static_cast<RedisReply*>(whole));
    return std::optional<RedisReply>(std::move(*reply));
}

} // namespace postern
