import { expect, test } from "vitest";
import { duration, parseTime, plural, ranges, slotCount, slots, time } from "../src/format";

test("times are told as the terminal tells them, rounded down", () => {
  expect(time(18_513_810)).toBe("18.513s");
  expect(time(-6_100_999)).toBe("-6.100s");
  expect(time(-500)).toBe("0.000s");
});

test("a time that was told can be read again", () => {
  for (const us of [0, 1_000, 18_513_000, -6_100_000]) expect(parseTime(time(us))).toBe(us);
  expect(parseTime("400ms")).toBe(400_000);
  expect(parseTime("yesterday")).toBeNull();
});

test("durations take the unit that fits them", () => {
  expect(duration(500)).toBe("500 µs");
  expect(duration(1_500)).toBe("1.5 ms");
  expect(duration(958_000)).toBe("958 ms");
  expect(duration(35_790_000)).toBe("35.790 s");
});

test("slots are read as nodes.conf writes them, open ones left out", () => {
  expect(ranges("0-5460 10922 [5-<-abc]")).toEqual([
    [0, 5460],
    [10922, 10922],
  ]);
  expect(slotCount("0-5460 10922")).toBe(5462);
  expect(slots("")).toBe("none");
  expect(slots("1 3 5 7")).toBe("1–1, … (4 ranges, 4 slots)");
});

test("words follow their numbers", () => {
  expect(plural(1, "vote")).toBe("1 vote");
  expect(plural(1200, "packet")).toBe("1,200 packets");
});
