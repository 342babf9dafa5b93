#include "milterd/dkim_rotation.h"

#include <algorithm>

namespace postern {
namespace {

class Rotation {
public:
    Rotation(const ManagedDkimDomain& domain, const DkimSights& sights, const DkimRotationRules& rules, Timestamp now)
        : sights_(sights)
        , rules_(rules)
        , now_(now)
    {
        rotation_.domain = domain;
    }

    DkimRotation run()
    {
        for (auto& key : keys())
            look_at_record(key);
        activate(DkimKeyType::rsa); // first: Ed25519 waits for it
        activate(DkimKeyType::ed25519);
        for (auto& key : keys())
            pass_over(key);
        for (auto& key : keys())
            retire(key);
        forget();
        find_due();
        return std::move(rotation_);
    }

private:
    std::vector<ManagedDkimKey>& keys() { return rotation_.domain.keys; }

    const DkimSight* sight_of(const ManagedDkimKey& key) const
    {
        const auto found = sights_.find(key.selector);
        return found == sights_.end() ? nullptr : &found->second;
    }

    bool is_seen(const ManagedDkimKey& key) const
    {
        const auto* const sight = sight_of(key);
        return sight != nullptr && sight->finding == RecordFinding::match;
    }

    // Certainly not as it must be. Neither seen nor missed: the DNS did not say.
    bool is_missed(const ManagedDkimKey& key) const
    {
        const auto* const sight = sight_of(key);
        return sight != nullptr && sight->finding != RecordFinding::match && sight->finding != RecordFinding::trouble;
    }

    bool has(DkimKeyType type, std::initializer_list<DkimKeyState> states) const
    {
        const auto& all = rotation_.domain.keys;
        return std::any_of(all.begin(), all.end(), [&](const ManagedDkimKey& key) {
            return key.type == type && std::find(states.begin(), states.end(), key.state) != states.end();
        });
    }

    void step(ManagedDkimKey& key, DkimKeyState to, std::string why)
    {
        rotation_.steps.push_back({key.selector, key.state, to, std::move(why)});
        key.state = to;
        key.since = now_;
    }

    void look_at_record(ManagedDkimKey& key)
    {
        if (key.state == DkimKeyState::new_key && is_seen(key))
            step(key, DkimKeyState::published, "its record is seen");
        else if (key.state == DkimKeyState::published && is_missed(key))
            step(key, DkimKeyState::new_key, "its record is not seen any more: " + sight_of(key)->why);
    }

    // Of several that may, the one that was made last.
    void activate(DkimKeyType type)
    {
        if (type == DkimKeyType::ed25519 && !has(DkimKeyType::rsa, {DkimKeyState::active})
            && has(DkimKeyType::rsa, {DkimKeyState::new_key, DkimKeyState::published}))
            return;
        ManagedDkimKey* next = nullptr;
        for (auto& key : keys())
            if (key.type == type && key.state == DkimKeyState::published && is_seen(key)
                && now_ - key.since >= rules_.settle && (next == nullptr || key.made >= next->made))
                next = &key;
        if (next == nullptr)
            return;
        for (auto& key : keys())
            if (key.type == type && key.state == DkimKeyState::active)
                step(key, DkimKeyState::retiring, next->selector + " signs in its place");
        step(*next, DkimKeyState::active, "it signs from now on");
    }

    // One that never signed, while a later one does: it would only take its place.
    void pass_over(ManagedDkimKey& key)
    {
        const auto is_later = [&key](const ManagedDkimKey& other) {
            return other.type == key.type && other.state == DkimKeyState::active && other.made > key.made;
        };
        if ((key.state == DkimKeyState::new_key || key.state == DkimKeyState::published)
            && std::any_of(keys().begin(), keys().end(), is_later))
            step(key, DkimKeyState::retired, "a later key signs");
    }

    // What signs now must be seen: else the old record is all that there is to go back to.
    void retire(ManagedDkimKey& key)
    {
        const auto signs_and_is_seen = [this](const ManagedDkimKey& other) {
            return other.state == DkimKeyState::active && is_seen(other);
        };
        if (key.state == DkimKeyState::retiring && now_ - key.since >= rules_.overlap
            && std::any_of(keys().begin(), keys().end(), signs_and_is_seen))
            step(key, DkimKeyState::retired, "nothing that it signed is under way any more");
    }

    void forget()
    {
        std::erase_if(keys(), [this](const ManagedDkimKey& key) {
            const auto* const sight = sight_of(key);
            const bool is_over = key.state == DkimKeyState::retired && sight != nullptr && sight->is_gone;
            if (is_over)
                rotation_.forgotten.push_back(key.selector);
            return is_over;
        });
    }

    void find_due()
    {
        const bool is_due = std::any_of(keys().begin(), keys().end(), [this](const ManagedDkimKey& key) {
            return key.state == DkimKeyState::active
                && (rules_.is_asked_for || (rules_.max_age > rules_.max_age.zero() && now_ - key.made >= rules_.max_age));
        });
        if (!is_due)
            return;
        for (const auto type : {DkimKeyType::rsa, DkimKeyType::ed25519})
            if (has(type, {DkimKeyState::active}) && !has(type, {DkimKeyState::new_key, DkimKeyState::published}))
                rotation_.due.push_back(type);
    }

    const DkimSights& sights_;
    const DkimRotationRules& rules_;
    Timestamp now_;
    DkimRotation rotation_;
};

} // namespace

DkimRotation rotate_dkim_keys(const ManagedDkimDomain& domain, const DkimSights& sights,
                              const DkimRotationRules& rules, Timestamp now)
{
    return Rotation(domain, sights, rules, now).run();
}

} // namespace postern
