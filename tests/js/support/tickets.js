// Tickets and a small form for the tests of the draft.
import { Form } from "../../../cti/web/pages/agent/work/form_logic.js";
import { ORDER } from "../../../cti/web/pages/agent/work/form_logic.js";

const field = (name, zh, en, more = {}) => ({ name, zh, en, kind: "text", max: 200, ask: null, missing: null, choices: [], choices_in: null, ...more });

export const form = new Form({
  fields: [
    field("caller_name", "称呼", "Name"),
    field("caller_gender", "性别", "Gender", { kind: "choice", choices: [{ id: "female", zh: "女", en: "Female" }] }),
    field("contact_phone", "联系电话", "Phone", { kind: "phone", max: 20 }),
    field("secret", "是否保密", "Confidential", { kind: "yes_no" }),
    field("type", "诉求类型", "Type", { kind: "choice", choices_in: "types", missing: { zh: "请选择诉求类型", en: "Choose the type" } }),
    field("matter", "事项分类", "Matter", { kind: "choice", choices_in: "matters" }),
    field("urgency", "紧急程度", "Urgency", { kind: "choice", choices: [{ id: "normal", zh: "一般", en: "Normal" }, { id: "urgent", zh: "紧急", en: "Urgent" }] }),
    field("street", "街道/社区", "Street or community", { kind: "choice", choices_in: "streets", ask: { zh: "哪个社区？", en: "Which community?" },
      missing: { zh: "请填写街道或社区", en: "Street or community is needed" } }),
    field("address", "详细地址", "Address", { max: 20, ask: { zh: "具体在哪？", en: "Where exactly?" } }),
    field("happened_at", "发生时间", "Time"),
    field("target", "被反映对象", "About whom"),
    field("detail", "补充信息", "Detail"),
    field("wants_reply", "是否回电", "Call back", { kind: "yes_no", ask: { zh: "需要回电吗？", en: "Call you back?" } }),
    field("title", "标题", "Title"),
    field("content", "诉求内容", "Content", { max: 4000 }),
    field("department", "建议承办", "Department", { kind: "choice", choices_in: "departments" }),
    field("related", "关联工单", "Related ticket", { kind: "ticket" }),
    field("finish", "办理方式", "Finish", { kind: "choice", choices_in: "finishes" }),
  ],
  types: [
    { id: "consultation", zh: "咨询", en: "Question", requires: [] },
    { id: "help", zh: "求助", en: "Help", requires: ["street", "address"] },
  ],
  finishes: [
    { id: "dispatch", zh: "转办", en: "Send", requires: ["type", "matter", "title", "content"], with_type: true, then: "sent", reasons: [] },
    { id: "not_accepted", zh: "不予受理", en: "Not accepted", requires: ["type"], with_type: false, then: "closed",
      reasons: [{ id: "court", zh: "诉讼", en: "Court" }] },
  ],
  departments: [{ id: "urban", zh: "城管局", en: "Urban bureau" }],
  matters: [
    { id: "construction", zh: "城乡建设", en: "Town", children: [
      { id: "construction.facilities", zh: "市政设施", en: "Facilities", children: [
        { id: "construction.facilities.street_light", zh: "道路照明", en: "Street lighting", children: [],
          detail: { zh: "灯杆编号", en: "Lamp-post number", ask_zh: "灯杆上有编号吗？", ask_en: "Is there a number?" } },
        { id: "construction.facilities.road", zh: "道路破损", en: "Road damage", children: [] },
      ] },
    ] },
    { id: "traffic", zh: "交通", en: "Traffic", children: [{ id: "traffic.move_car", zh: "挪车", en: "Move a car", children: [] }] },
  ],
  streets: [{ id: "dongcheng", zh: "东城街道", en: "Dongcheng", children: [{ id: "dongcheng.zhushan", zh: "主山社区", en: "Zhushan", children: [] }] }],
});

export const empty = { value: null, source: null, confidence: null, state: "empty", version: 0, by: "", at: null, proposal: null, alternatives: [], note: null };

/** A ticket with these fields; each says only what is not as in an empty one. */
export function ticket(fields = {}, more = {}) {
  const all = Object.fromEntries(ORDER.map((name) => [name, { ...empty, ...(fields[name] ?? {}) }]));
  return { id: "T-1", call_id: "c1", agent: "1032", state: "draft", version: 1, created_at: 0, saved_at: 0, send_at: null, fields: all,
    finish: null, deadline: null, related: [], editing: [], ...more };
}

/** As a machine fills it. */
export const fill = (value, version = 1, more = {}) => ({ value, source: "speech", confidence: 0.8, state: "check", version, by: "", ...more });

/** As a person leaves it. */
export const own = (value, version, by = "1032") => ({ value, source: "agent", state: "own", version, by });
