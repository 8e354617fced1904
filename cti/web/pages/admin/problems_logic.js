// What the checks of the server say, in Chinese. They speak English, one sentence a fault; a sentence that stands not here is
// shown as it is. `$1` is the first part in brackets; parts that are themselves sentences are put into Chinese too.

/** @type {[RegExp, string][]} */
const SENTENCES = [
  // TOML and its forms
  [/^not valid TOML: (.+)$/s, "不是有效的 TOML：$1"],
  [/^Invalid value$/, "值不完整或写法不对"],
  [/^Unclosed array$/, "数组没有写完，缺少“]”"],
  [/^Unterminated string$/, "字符串没有写完，缺少引号"],
  [/^Expected '(.+)' (?:at|after) .*$/, "此处缺少“$1”"],
  [/^Cannot declare (.+) twice.*$/, "$1 重复出现"],
  [/^Cannot overwrite a value$/, "同一个键写了两次"],
  [/^([\w.-]+): unknown key; known here: (.*)$/, "$1：没有这个键；可用：$2"],
  [/^([\w.-]+): Field required$/, "$1：缺少此项"],
  [/^([\w.-]+): Input should be greater than or equal to ([\d.]+)$/, "$1：应不小于 $2"],
  [/^([\w.-]+): Input should be less than or equal to ([\d.]+)$/, "$1：应不大于 $2"],
  [/^([\w.-]+): Input should be a valid (?:number|integer).*$/, "$1：应为数字"],
  [/^([\w.-]+): Input should be a valid string$/, "$1：应为文字，写在引号里"],
  [/^([\w.-]+): Input should be a valid boolean.*$/, "$1：应为 true 或 false"],
  [/^([\w.-]+): Input should be a valid (?:tuple|list|dictionary|array).*$/, "$1：写法不对"],
  [/^([\w.-]+): Input should be an instance of .*$/, "$1：写法不对"],
  [/^([\w.-]+): Input should be (.+)$/, "$1：应为 $2 之一"],
  [/^([\w.-]+): String should match pattern '(.*)'$/, "$1：格式不对，应符合 $2"],
  [/^([\w.-]+): String should have at (least|most) (\d+) characters?$/, "$1：长度不对（$3）"],
  [/^([\w.-]+): stands here a second time$/, "$1：重复出现"],
  [/^([\w.-]+): (\S+) stands here a second time$/, "$1：$2 重复出现"],
  [/^(.+): ••• stands for a value that is not known here; give a new one$/, "$1：••• 代表的值在这里没有，请重新设置"],
  // Numbers, rules, days, skills
  [/^([\w.-]+): there is no flow (\S+); there are (.*)$/, "$1：没有流程 $2；现有：$3"],
  [/^([\w.-]+): flow (\S+) has no node (\S+)$/, "$1：流程 $2 没有节点 $3"],
  [/^unknown_number: there is no \[\[did\]\] with the number (\S+)$/, "unknown_number：号码表里没有 $1"],
  [/^([\w.-]+): a queue's own agents take its callers anyway; name another skill$/, "$1：本队列的座席本来就接，请填其他技能"],
  [/^([\w.-]+): must not be above on_wait_s \(([\d.]+)\)$/, "$1：不能高于开启值 $2"],
  [/^([\w.-]+): (\w+) stands on the ladder already$/, "$1：$2 已在阶梯上"],
  [/^surge\.broadcast_prompt: no prompt (\w+)$/, "surge.broadcast_prompt：没有语音 $1"],
  [/^([\w.-]+): (?:'|")(.*)(?:'|") is not a date; write it as 2027-02-08$/, "$1：“$2”不是日期，请写成 2027-02-08"],
  [/^work_days: (\S+) stands in off_days too; take it out of one of them$/, "work_days：$1 也在 off_days 中，请从其中一处删去"],
  [/^([\w.-]+): (\w+) is called (.+) already$/, "$1：“$3”已是 $2 的名称"],
  [/^([\w.-]+): skill (\w+) has no name$/, "$1：技能 $2 没有名称（可在“队列”中添加）"],
  [/^(agent|flow) (\S+) has the skill (\w+), which has no name here$/, "$1 $2 用到技能 $3，这里没有它的名称"],
  [/^([\w.-]+): there must be one way to call him$/, "$1：至少要有一种接入方式"],
  // Agents and users
  [/^(agent|user) (\w+): (.*)$/s, "$2：$3"],
  [/^unknown table '(.+)'; (?:agents|users) are written as (.*)$/, "没有 $1 这种表；应写成 $2"],
  [/^unknown key '(.+)'; known: (.*)$/, "没有键 $1；可用：$2"],
  [/^must be a table (.*)$/, "应为表 $1"],
  [/^skills: must be a table like .*$/, "skills：应写成 { general = 3, enterprise = 1 }"],
  [/^skills\.(\S+): level must be a whole number from 1 to 5$/, "skills.$1：等级应为 1 到 5 的整数"],
  [/^skills\.(\S+): a skill is named in small letters, like .*$/, "skills.$1：技能用小写字母命名，如 social_security"],
  [/^wrap_up_s: must be seconds from 0 to 3600$/, "wrap_up_s：应为 0 到 3600 秒"],
  [/^wrap_up: must be one of (.*)$/, "wrap_up：应为 $1 之一"],
  [/^auto_answer_s: must be seconds, 0 or more, or "never"$/, "auto_answer_s：应为不小于 0 的秒数，或 \"never\""],
  [/^phone: cannot be called(.*); must be a text like .*$/, "phone：不能拨打$1；应写成 \"13800138000\"，固定电话要带区号"],
  [/^agent id '(.*)': must be .*$/, "工号“$1”不对：小写字母开头，后接 1 到 19 个小写字母或数字，如 a1001"],
  [/^user id '(.*)': must be .*$/, "用户名“$1”不对：小写字母开头，后接 1 到 19 个小写字母或数字"],
  [/^roles: '(.*)' is none of (.*?)(?:; agents are in the roster)?$/, "roles：没有角色 $1；可用：$2"],
  [/^roles: at least one of (.*)$/, "roles：至少要有一个：$1"],
  [/^roles: must be a list like .*$/, "roles：应写成 [\"supervisor\"]"],
  [/^nobody is an administrator: only the token of the installation is left$/, "没有一个管理员：只剩安装令牌可用"],
  // Shifts
  [/^([\w.-]+): unknown table; known: (.*)$/, "$1：没有这种表；可用：$2"],
  [/^([\w.-]+): no day of the week; they are (.*)$/, "$1：不是星期；应为 $2"],
  [/^([\w.-]+): no date; write it as 2027-02-06$/, "$1：不是日期，请写成 2027-02-06"],
  [/^([\w.-]+): must be like "22:00-06:00"; midnight is 00:00$/, "$1：应写成 \"22:00-06:00\"，午夜为 00:00"],
  [/^([\w.-]+): must be a whole number, 0 or more$/, "$1：应为不小于 0 的整数"],
  [/^([\w.-]+): must be a list of agents, like .*$/, "$1：应写成座席名单，如 [\"a1001\", \"a1002\"]"],
  [/^([\w.-]+): no such shift; there are (.*)$/, "$1：没有这个班次；现有：$2"],
  [/^([\w.-]+): unknown key; known: (.*)$/, "$1：没有这个键；可用：$2"],
  [/^([\w.-]+): (\w+) stands in it twice$/, "$1：$2 写了两次"],
  [/^([\w.-]+): a shift is named in small letters, and not standby$/, "$1：班次用小写字母命名，不能叫 standby"],
  [/^(\w+): in the schedule, not in the roster$/, "$1：在排班里，但不在座席名册里"],
  [/^(\w+): never planned$/, "$1：本周没有排班"],
  [/^(\w+) (\S+), (\w+): (\d+) planned, (\d+) lines to staff$/, "$2 $3：排了 $4 人，应有 $5 人"],
  [/^(\w+) (\S+): nobody is on stand-by$/, "$2：没有备班"],
  [/^(\w+): (\w+) and (\w+) overlap on (.*)$/, "$1：$2 与 $3 在 $4 重叠"],
  // Flows
  [/^not valid YAML: (.*)$/s, "不是有效的 YAML：$1"],
  [/^is empty$/, "是空的"],
  [/^key (\S+) stands here a second time; the first is in line (\d+)$/, "键 $1 重复，第一次在第 $2 行"],
  [/^node (\w+): (.*)$/s, "节点 $1：$2"],
  [/^start leads to unknown node (\w+); known: (.*)$/, "起点指向不存在的节点 $1；已有：$2"],
  [/^person leads to unknown node (\w+); known: (.*)$/, "person 指向不存在的节点 $1；已有：$2"],
  [/^(\w+(?: \S+)?) leads to unknown node (\w+); known: (.*)$/, "$1 指向不存在的节点 $2；已有：$3"],
  [/^start: this rule has no condition, so the rules after it never count$/, "start：这条规则没有条件，后面的规则永远不会生效"],
  [/^start: the last rule must have no condition, or some calls begin nowhere$/, "start：最后一条规则不能有条件，否则有的来电没有起点"],
  [/^start: give a node, or a list of rules that choose one$/, "start：请给出一个节点，或一组选择节点的规则"],
  [/^nodes: a number in the settings enters at node (\w+), which is not here$/, "nodes：有号码从节点 $1 进入，但这里没有它"],
  [/^nodes: give the nodes by name$/, "nodes：请按名称列出节点"],
  [/^must begin with keys: (.*)$/, "开头应有键：$1"],
  [/^flow: is called (\w+), but the file is called (\w+); make them the same$/, "flow：名称是 $1，文件名是 $2，两者应相同"],
  [/^unknown type (\S+); known: (.*)$/, "没有类型 $1；可用：$2"],
  [/^type is missing; known: (.*)$/, "缺少 type；可用：$1"],
  [/^unknown key (\S+); known here: (.*)$/, "没有键 $1；可用：$2"],
  [/^the path ends here; give (.*)$/, "到这里就断了，请给出 $1"],
  [/^(\S+) is missing$/, "缺少 $1"],
  [/^(\S+): does not have the right form; wanted: (.*)$/, "$1：格式不对，应为：$2"],
  [/^a key \(0-9, \*, #\)$/, "按键（0–9、*、#）"],
  [/^a small letter, then letters, digits, _$/, "小写字母开头，后接字母、数字、_"],
  [/^language (\S+) is not in languages: (.*)$/, "语言 $1 不在 languages 中：$2"],
  [/^key (\S+) always leads to a person; take it out$/, "按键 $1 总是转人工，请删去"],
  [/^key (\S+) always repeats the menu; take it out$/, "按键 $1 总是重听，请删去"],
  [/^key (\S+) stands in options and in keys; take one out$/, "按键 $1 在 options 和 keys 里都有，请删去一个"],
  [/^min_digits (\d+) is more than max_digits$/, "min_digits（$1）大于 max_digits"],
  [/^option (\S+) can never be typed; digits: (.*)$/, "选项 $1 永远按不出来；位数：$2"],
  [/^max_wait_s and gave_up belong together; give (.*) or neither$/, "max_wait_s 与 gave_up 要成对：请给出 $1，或都不写"],
  [/^key (\S+) asks to be called back; give another callback_key$/, "按键 $1 已用于请求回拨，请换一个 callback_key"],
  [/^this step has no for_s, so the steps after it never come$/, "这一步没有 for_s，后面的步骤永远不会到"],
  [/^give hours, weekdays, days or holiday; without them it is always open$/, "请给出 hours、weekdays、days 或 holiday，否则总是开放"],
  [/^prompt (\w+) is not in the catalogue; (.*)$/, "没有语音 $1；$2"],
  [/^did you mean (.*)\?$/, "是不是 $1？"],
  [/^add it to the catalogue$/, "请先在“语音”中添加"],
  [/^transfer to (\S+) is not allowed; allowed: (.*)$/, "不允许转到 $1；允许：$2"],
  [/^nothing leads here; lead to it or take it out$/, "没有任何路径到这里，请连上它或删去"],
  [/^turns in a circle without the caller's action: (.*)$/, "来电人什么都不做也会打转：$1"],
  [/^person: (\w+) does not lead to a route; a person is what it promises$/, "person：$1 不通向人工队列，而它承诺的是人工"],
  [/^a caller who does nothing here does not reach a person; lead him to a route$/, "来电人在这里什么都不做就到不了人工，请引到队列"],
  [/^a caller whose transfer fails does not reach a person$/, "转接失败的来电人到不了人工"],
  [/^(.+) must come to a hangup when the caller does nothing$/, "$1：来电人什么都不做时应走到挂机"],
  [/^a caller who does nothing hears ([\d.]+) s of prompts before the queue \((.*)\); limits\.(\w+) is ([\d.]+)$/, "什么都不按的来电人在排队前要听 $1 秒（$2），limits.$3 是 $4"],
  [/^short takes ([\d.]+) s, longer than the ([\d.]+) s of prompts; shorten it$/, "short 有 $1 秒，比 prompts 的 $2 秒还长，请缩短"],
  [/^(\d+) options; more than 4 are not remembered on the telephone$/, "有 $1 个选项；电话里超过 4 个就记不住"],
  [/^queue (\w+) has no name$/, "队列 $1 没有名称（可在“队列”中添加）"],
  // Prompts
  [/^\[(\w+)\] is missing: flow (\w+) plays it at node (\w+)$/, "[$1] 没有了，但流程 $2 的节点 $3 要播放它"],
  [/^\[(\w+)\] is not defined in (\S+); add it there.*$/, "[$1] 在 $2 中没有，请先在那里添加"],
  [/^\[(\w+)\]: (.*)$/s, "[$1]：$2"],
  [/^unknown field '(.+)'; known: text, speak$/, "没有字段 $1；可用：text、speak"],
  [/^has no `text`$/, "缺少 text"],
  [/^`(\w+)` must be a text that is not empty$/, "$1 不能为空"],
  [/^`(\w+)`: only \{city\} may stand in braces$/, "$1：大括号里只能写 {city}"],
  [/^an id has small letters, figures and _ only: .*$/, "编号只能用小写字母、数字和 _"],
];

/** @param {string} text @param {"zh" | "en"} lang @returns {string} */
export function problemText(text, lang) {
  return lang === "en" ? text : chinese(text);
}

/** @param {string} text @returns {string} */
function chinese(text) {
  for (const [pattern, sentence] of SENTENCES) {
    const found = pattern.exec(text);
    if (found) return sentence.replace(/\$(\d)/g, (_, n) => chinese(found[Number(n)] ?? ""));
  }
  return text;
}

/** Whether the sentence as a whole has a Chinese one. @param {string} text */
export function isKnown(text) {
  return SENTENCES.some(([pattern]) => pattern.test(text));
}
