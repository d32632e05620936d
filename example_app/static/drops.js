/**
 * The files that were dropped; folders are none.
 * @param {DataTransfer} data
 * @returns {{ files: File[], folders: number }}
 */
export function dropped(data) {
  const items = [...data.items].filter(({ kind }) => kind === "file")
  const folders = items.filter((item) => item.webkitGetAsEntry()?.isDirectory)
  const files = items.filter((item) => !folders.includes(item)).map((item) => item.getAsFile()).filter(Boolean)
  return { files, folders: folders.length }
}

/** @param {DragEvent} event */
export function holdsFiles({ dataTransfer }) {
  return dataTransfer?.types.includes("Files") ?? false
}
