/** Works something out once for each thing that it hangs on, and keeps it for as long as that thing is there. */
export function once<Of extends object, What>(work: (of: Of) => What): (of: Of) => What {
  const known = new WeakMap<Of, { readonly what: What }>();
  return (of) => {
    let one = known.get(of);
    if (one === undefined) {
      one = { what: work(of) };
      known.set(of, one);
    }
    return one.what;
  };
}
