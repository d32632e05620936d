import { Application } from "@hotwired/stimulus"

import { BoardController } from "./board_controller.js"
import { ChatController } from "./chat_controller.js"
import { CursorsController } from "./cursors_controller.js"
import { FilesController } from "./files_controller.js"
import { InvitationController } from "./invitation_controller.js"
import { PeopleController } from "./people_controller.js"
import { StatusController } from "./status_controller.js"
import { ViewsController } from "./views_controller.js"
import { WaysController } from "./ways_controller.js"

// Each part of the room is a controller of its own, under the name that its template uses in data-controller.
const application = Application.start()
application.register("board", BoardController)
application.register("chat", ChatController)
application.register("cursors", CursorsController)
application.register("files", FilesController)
application.register("invitation", InvitationController)
application.register("people", PeopleController)
application.register("status", StatusController)
application.register("views", ViewsController)
application.register("ways", WaysController)
