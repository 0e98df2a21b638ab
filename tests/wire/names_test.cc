#include "sim/wire/names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sim {
namespace {

NodeName numbered(unsigned number) {
  std::string text(40, '0');
  for (std::size_t i = 0; number > 0; ++i, number /= 10)
    text[i] = static_cast<char>('0' + number % 10);
  return NodeName::from(text);
}

TEST(Names, AreTheSameReferenceOnlyIfTheyAreTheSameText) {
  Names names;
  const NameRef one = names.intern(numbered(1));
  EXPECT_EQ(names.intern(numbered(1)), one);
  EXPECT_NE(names.intern(numbered(2)), one);
  EXPECT_EQ(names.name(one), numbered(1));
}

TEST(Names, NoneIsReferenceZero) {
  Names names;
  EXPECT_TRUE(names.intern(NodeName{}).is_none());
  EXPECT_EQ(names.intern(Address{}), AddressRef{});
  EXPECT_EQ(names.name_count(), 1u);
}

TEST(Names, ThatOnlyBeginWithAZeroByteAreNotNone) {
  Names names;
  NodeName odd;
  odd.text[7] = 'x';
  const NameRef ref = names.intern(odd);
  EXPECT_FALSE(ref.is_none());
  EXPECT_EQ(names.name(ref), odd);
}

TEST(Names, StayPutAndFoundWhileTheTableGrows) {
  Names names;
  const NodeName& first = names.name(names.intern(numbered(0)));
  std::vector<NameRef> refs;
  for (unsigned i = 0; i < 5000; ++i) refs.push_back(names.intern(numbered(i)));
  EXPECT_EQ(&names.name(refs[0]), &first);
  EXPECT_EQ(names.name_count(), 5001u);
  for (unsigned i = 0; i < 5000; ++i) {
    ASSERT_EQ(names.name(refs[i]), numbered(i));
    ASSERT_EQ(names.intern(numbered(i)), refs[i]);
  }
}

TEST(Names, HashByTextNotByOrder) {
  Names here, there;
  const NameRef a = here.intern(numbered(1));
  const AddressRef x = here.intern({"10.0.0.1", 1, 2, 3});
  there.intern(numbered(2));
  there.intern(Address{"10.0.0.2", 1, 2, 3});
  EXPECT_EQ(here.hash(a), there.hash(there.intern(numbered(1))));
  EXPECT_EQ(here.hash(x), there.hash(there.intern(Address{"10.0.0.1", 1, 2, 3})));
  EXPECT_NE(here.hash(a), there.hash(NameRef{1}));
}

TEST(Names, TellAddressesApartByEveryPart) {
  Names names;
  const Address address{"10.0.0.1", 1, 2, 3};
  const AddressRef ref = names.intern(address);
  for (const Address& other : {Address{"10.0.0.2", 1, 2, 3}, Address{"10.0.0.1", 9, 2, 3},
                               Address{"10.0.0.1", 1, 9, 3}, Address{"10.0.0.1", 1, 2, 9}}) {
    EXPECT_NE(names.intern(other), ref);
    EXPECT_NE(names.hash(names.intern(other)), names.hash(ref));
  }
}

TEST(Names, ShareEqualSlotSetsAsLongAsSomebodyHoldsOne) {
  Names names;
  SlotSet slots;
  slots.set(5);
  const SlotsRef first = names.share(slots);
  EXPECT_EQ(names.share(slots), first);
  EXPECT_EQ(names.share({}), no_slots());
  std::vector<SlotsRef> held;
  for (std::size_t slot = 100; slot < 400; ++slot) {
    SlotSet other;
    other.set(slot);
    if (slot % 2 == 0) held.push_back(names.share(other));
    names.share(other);
  }
  EXPECT_EQ(names.share(slots), first);
  EXPECT_EQ(names.share(held.back()->slots()), held.back());
}

TEST(Names, CutAnAddressToWhatTheWireCarries) {
  Names names;
  using namespace std::string_literals;
  EXPECT_EQ(names.address(names.intern({"host\0rest"s, 1, 2, 3})).ip, "host");
  EXPECT_EQ(names.address(names.intern({std::string(60, 'x'), 1, 2, 3})).ip.size(), 46u);
}

}  // namespace
}  // namespace sim
