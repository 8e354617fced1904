// The drawings of the writing half, as paths on a grid of 24.
export const CHECK = "m5 12.500 4.500 4.500L19 7";
export const UNDO = "M8.500 5 4.500 9l4 4M4.500 9h9a5 5 0 0 1 0 10H9.500";
export const DOWN = "m7 10 5 5 5-5";

/** Where a value came from. @type {Record<string, string>} */
export const SOURCES = {
  speech: "M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5.500 11a6.500 6.500 0 0 0 13 0M12 17.500V21",
  menu: "M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01",
  history: "M4.500 12a7.500 7.500 0 1 0 2.300-5.400L4 9M4 4.500V9h4.500M12 8v4l3 2",
  agent: "m5 19 1-4L16 5l3 3L9 18z",
  caller_id: "M5 4h3.500l1.700 4.500-2.300 1.700a11 11 0 0 0 5.900 5.900l1.700-2.300L20 15.500V19c-8 1.200-16.200-7-15-15z",
  rule: "M6 6h5M6 18h5M11 6c4 0 2 6 7 6M11 18c4 0 2-6 7-6M15.500 9.500 18 12l-2.500 2.500",
  citizen: "M12 4.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7zM5 20c.5-4 3.200-6 7-6s6.500 2 7 6",
};
