#include "config/enable.h"

#include <optional>
#include <utility>

namespace postern {
namespace {

constexpr std::string_view before_suffix = ".before-postern";
constexpr std::string_view with_suffix = ".with-postern";

Result<PostfixChange> with_difference(const PostfixFiles& files, PostfixChange change)
{
    auto difference = files.difference(change.now, change.wanted);
    if (!difference)
        return tl::unexpected(difference.error());
    change.difference = std::move(*difference);
    return change;
}

// The copies that tell the way back.
struct KeptCopies {
    PostfixTexts before, with;
};

Result<> keep(const PostfixFiles& files, const KeptCopies& copies)
{
    if (auto kept = files.keep(before_suffix, copies.before); !kept)
        return kept;
    return files.keep(with_suffix, copies.with);
}

void forget(const PostfixFiles& files)
{
    files.forget(with_suffix);
    files.forget(before_suffix);
}

Result<std::optional<KeptCopies>> kept_copies(const PostfixFiles& files)
{
    if (!is_enabled(files))
        return std::nullopt;
    auto before = files.read(before_suffix);
    if (!before)
        return tl::unexpected(before.error());
    auto with = files.read(with_suffix);
    if (!with)
        return tl::unexpected(with.error());
    return KeptCopies{std::move(*before), std::move(*with)};
}

// What is in force, and the same without Postern.
Result<PostfixChange> undone(const PostfixFiles& files)
{
    auto now = files.read();
    if (!now)
        return tl::unexpected(now.error());
    const auto kept = kept_copies(files);
    if (!kept)
        return tl::unexpected(kept.error());
    PostfixChange change{*now, *now, {}, {}, {}};
    if (*kept) {
        auto without = files.undo(change.now, (*kept)->before, (*kept)->with);
        if (!without)
            return tl::unexpected(without.error());
        change.before = std::move(*without);
    }
    return change;
}

// The new files in force, or the old ones.
Result<> replace(const PostfixFiles& files, const PostfixChange& change)
{
    if (auto replaced = files.replace(change.now, change.wanted); !replaced)
        return replaced;
    const auto checked = files.check();
    if (checked)
        return {};
    if (const auto back = files.replace(change.wanted, change.now); !back)
        return fail("{}; and the old files could not be put back: {}", checked.error().what, back.error().what);
    return fail("Postfix does not like the new files, so the old ones are back: {}", checked.error().what);
}

} // namespace

bool is_enabled(const PostfixFiles& files)
{
    return files.has(with_suffix) && files.has(before_suffix);
}

Result<PostfixChange> plan_enable(const PostfixFiles& files, LoadedHost host, PostfixWay way)
{
    auto change = undone(files);
    if (!change)
        return change;
    auto postfix = files.understand(change->before);
    if (!postfix)
        return tl::unexpected(postfix.error());
    const MainCfSource source{"", std::move(host.base.config), std::move(host.instances), std::move(postfix),
                              way};
    auto lines = postfix_lines(source);
    auto wanted = files.edit(change->before, lines.parameters, lines.services);
    if (!wanted)
        return tl::unexpected(wanted.error());
    change->wanted = std::move(*wanted);
    change->remarks = std::move(lines.remarks);
    return with_difference(files, std::move(*change));
}

Result<OldSetup> left_behind(const PostfixFiles& files, const PostfixChange& enabled)
{
    const auto before = files.understand(enabled.before);
    if (!before)
        return tl::unexpected(before.error());
    const auto wanted = files.understand(enabled.wanted);
    if (!wanted)
        return tl::unexpected(wanted.error());
    return unused(*before, *wanted);
}

Result<PostfixChange> plan_removal(const PostfixFiles& files, const PostfixChange& enabled, const OldSetup& old)
{
    auto wanted = files.remove(enabled.wanted, old.parameters, old.services);
    if (!wanted)
        return tl::unexpected(wanted.error());
    return with_difference(files, {enabled.wanted, enabled.before, std::move(*wanted), {}, {}});
}

Result<PostfixChange> plan_disable(const PostfixFiles& files)
{
    if (!is_enabled(files))
        return fail("{}: \"postern enable\" was not used here, so there is nothing to take back", files.directory());
    auto change = undone(files);
    if (!change)
        return change;
    change->wanted = change->before;
    return with_difference(files, std::move(*change));
}

Result<PostfixChanged> make_change(const PostfixFiles& files, const PostfixChange& change)
{
    const auto old_copies = kept_copies(files);
    if (!old_copies)
        return tl::unexpected(old_copies.error());
    const bool is_way_back = change.wanted == change.before;
    if (!is_way_back) // first: should this end half way, they tell how to mend it
        if (auto kept = keep(files, {change.before, change.wanted}); !kept)
            return tl::unexpected(kept.error());

    if (const auto replaced = replace(files, change); !replaced) {
        if (*old_copies)
            (void)keep(files, **old_copies);
        else
            forget(files);
        return tl::unexpected(replaced.error());
    }
    if (is_way_back)
        forget(files);

    const auto is_running = files.reload_if_running();
    if (!is_running)
        return fail("the files are in place, but Postfix could not be reloaded: {}", is_running.error().what);
    return PostfixChanged{*is_running};
}

} // namespace postern
