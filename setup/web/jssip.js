// The one module that pages load from it; made into /vendor/jssip.js at set-up.
import JsSIP from "jssip";
export default JsSIP;
