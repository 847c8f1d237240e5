import { describe, expect, it } from "vitest";
import { Float, numberOf, numberWritten, parseJson, printJson } from "./json";

describe("parseJson and printJson", () => {
  it("keep 1 and 1.0 apart, wherever they stand", () => {
    const text = '{"a":1,"b":1.0,"c":[30.0,30,{"d":-0.0}],"1":2.0,"0":2}';
    expect(printJson(parseJson(text), 0)).toBe('{"0":2,"1":2.0,"a":1,"b":1.0,"c":[30.0,30,{"d":-0.0}]}');
    expect(parseJson("30.0")).toEqual(new Float(30));
    expect(parseJson("30")).toBe(30);
  });

  it.each([
    ["1e3", "1000.0"],
    ["1E+3", "1000.0"],
    ["1.50e1", "15.0"],
    ["1e16", "10000000000000000.0"],
    ["-0.0", "-0.0"],
    ["-5.000", "-5.0"],
    ["0e-9", "0.0"],
  ])("write the float %s as a float", (text, written) => {
    expect(printJson(parseJson(`[${text}]`), 0)).toBe(`[${written}]`);
  });

  it.each(["0.5", "1e+21", "1e-7", "1.5e+300", "9007199254740991", "-3"])(
    "leave the number %s, which JavaScript writes as what it is",
    (text) => {
      expect(parseJson(text)).toBe(Number(text));
      expect(printJson(parseJson(text))).toBe(text);
    },
  );

  it("take nothing in a text for a number", () => {
    const text = JSON.stringify({ '1.0, "2.0"': '\\"3.0\\\\', "[4.0]": "{5.0}\\", é: "\u2028 6.0", x: 7.5 });
    expect(printJson(parseJson(text.replace("7.5", "7.0")), 0)).toBe(text.replace("7.5", "7.0"));
  });

  it("read and write everything else as JSON's own functions do", () => {
    const odd =
      '{ "a" : [ ] , "b":{},"c":[[],[{}],null,true],"d":"\\u00e9\\n\\ud83d\\ude00","__proto__":{"x":1}}';
    const float = odd.replace("null", "1.0, null");
    expect(printJson(parseJson(float), 0)).toBe(JSON.stringify(JSON.parse(odd)).replace("null", "1.0,null"));
    for (const indent of [0, 1, 2]) {
      expect(printJson(JSON.parse(odd), indent)).toBe(JSON.stringify(JSON.parse(odd), null, indent));
    }
    expect(printJson({ a: undefined, b: [undefined] }, 0)).toBe('{"b":[null]}');
    expect(parseJson('{"a":1.0,"a":2,"b":1.0}')).toEqual({ a: 2, b: new Float(1) });
  });

  it.each(["", "{", "[1.0,]", '{"a": 1.0 "b": 2}', "01.0", "1.", "NaN"])(
    "refuse %j, which is no JSON",
    (text) => expect(() => parseJson(text)).toThrow(SyntaxError),
  );

  it("read a text of any length", () => {
    const long = `{"a":1.0,"b":"${"x\\\\".repeat(500_000)}","c":[${"1.0,2,".repeat(50_000)}3]}`;
    expect(printJson(parseJson(long), 0)).toBe(long);
  });
});

describe("numberOf", () => {
  it("takes what has a point or an exponent for a float, however JSON or YAML writes it", () => {
    expect([".5e1", "5.", "+5.0", "5e0"].map(numberOf)).toEqual(Array(4).fill(new Float(5)));
    expect(["5", "+5", "0x5", "0o5"].map(numberOf)).toEqual(Array(4).fill(5));
    expect(numberOf("0x1E")).toBe(30);
    expect(numberOf("warm")).toBeNaN();
  });

  it.each(["9007199254740993", "-9007199254740992", "1000000000000000000000", "1e999"])(
    "takes no %s for another number",
    (text) => {
      expect(() => numberOf(text)).toThrow(RangeError);
      expect(() => parseJson(`{"seed": [${text}]}`)).toThrow(`The number ${text} is too large`);
    },
  );
});

describe("numberWritten", () => {
  it("is a number as it was written", () => {
    expect(numberWritten(" 1.0 ")).toEqual(new Float(1));
    expect(numberWritten("1")).toBe(1);
    expect(numberWritten("-2.5e-1")).toBe(-0.25);
  });

  it.each(["warm", "0,7", "1.0.0", "Infinity"])("is not in %s", (text) => {
    expect(() => numberWritten(text)).toThrow("Write a number, such as 20 or 0.5.");
  });
});

describe("Float", () => {
  it("is the same as one of the same value, and as nothing else", () => {
    expect(new Float(1).equals(new Float(1))).toBe(true);
    expect(new Float(1).equals(1)).toBe(false);
    expect(new Float(0).equals(new Float(-0))).toBe(false);
  });

  it("is a number for what knows no floats", () => {
    expect(JSON.stringify({ a: new Float(30) })).toBe('{"a":30}');
  });
});
